//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// Exim is an Exim that accepts mail for mail.test and authenticates clients.
type Exim struct {
	*Program
	Log *Log
}

// The ports of Exim, and its user.
const (
	eximSMTP        = 2525 // offers STARTTLS, and AUTH with TLS
	eximSMTPS       = 2465 // implicit TLS
	eximCertificate = 2466 // implicit TLS, requires a client certificate
	eximUser        = "Debian-exim"
)

const eximConfig = `
exim_path = {dir}/exim4
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
log_selector = +smtp_connection +smtp_no_mail +smtp_incomplete_transaction +smtp_protocol_error
pid_file_path = {dir}/spool/exim.pid
primary_hostname = exim.test
local_interfaces = {address}
daemon_smtp_ports = 2525 : 2465 : 2466
tls_on_connect_ports = 2465 : 2466
tls_certificate = {cert}
tls_privatekey = {key}
tls_advertise_hosts = *
tls_verify_certificates = {ca}
tls_verify_hosts = ${if eq{$received_port}{2466}{*}}
tls_try_verify_hosts = *
auth_advertise_hosts = ${if def:tls_in_cipher{*}}
smtputf8_advertise_hosts = *
rfc1413_query_timeout = 0s
queue_only = false
deliver_drop_privilege = true
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  accept authenticated = *
  defer message = Greylisted, please try again in 60 seconds
    domains = mail.test
    local_parts = grey
  require message = relay not permitted
    domains = mail.test
  require verify = recipient
  accept
data:
  deny message = This message was classified as spam
    condition = ${if match{$h_subject:}{spam}}
  accept
begin routers
mailboxes:
  driver = accept
  domains = mail.test
  local_parts = alice : bob
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  maildir_format
  directory = {dir}/mail/$local_part_data
  create_directory
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{USER}}{eq{$auth2}{PASSWORD}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{USER}{PASSWORD}fail}
  server_set_id = $auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${certextract{subject,CN}{$tls_in_peercert}}
  server_condition = ${if eq{$auth2}{USER}}
  server_set_id = $auth2
`

// StartExim starts an Exim that stops when the test ends.
func StartExim(t *testing.T, tls *TLSFiles) *Exim {
	t.Helper()
	place := PlaceFor(t, "exim")
	for _, dir := range []string{"spool", "log", "mail"} {
		place.mkdir(t, dir, eximUser)
	}
	// To deliver, Exim executes itself as its own user, who may not be able to
	// enter the checkout.
	program, err := os.ReadFile(filepath.Join(Unpacked(t, "exim4-daemon-light"), "usr", "sbin", "exim4"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(place.File("exim4"), program, 0o755)) //nolint:gosec // see above
	cert, key := tls.IssueFiles(t, "exim", certs.For(place.Address))
	config := place.WriteConfig(t, "exim.conf", eximConfig,
		"{cert}", cert, "{key}", key, "{ca}", tls.CA, "USER", Username, "PASSWORD", Password)

	p := StartProgram(t, place, "exim", place.File("exim4"), "-C", config, "-bdf", "-q1h")
	e := &Exim{Program: p, Log: p.log("log", "mainlog")}
	e.Log.Wait(t, "daemon started", strconv.Itoa(eximSMTP))
	return e
}

// RequireCleanSession fails the test if Exim logged a protocol error in the only
// session of a client, or no QUIT.
func (e *Exim) RequireCleanSession(t *testing.T, client string) {
	t.Helper()
	e.Log.Wait(t, "SMTP connection from", "["+client+"]", "closed by QUIT")
	for _, line := range e.Log.Lines(t, "["+client+"]") {
		for _, complaint := range []string{"synchronization", "unexpected disconnection", "lost", "syntax or protocol error"} {
			require.NotContains(t, line, complaint)
		}
	}
}
