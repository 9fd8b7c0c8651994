//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// Postfix is a private Postfix. It takes mail for mail.test and delivers it
// into maildirs.
type Postfix struct {
	Place
	Log *Log

	server *process
}

// The ports of a Postfix, each a service with a character of its own.
const (
	postfixSMTP        = 2525 // STARTTLS offered
	postfixSubmission  = 2587 // STARTTLS required, AUTH once TLS is active
	postfixSMTPS       = 2465 // implicit TLS, AUTH
	postfixCleartext   = 2588 // AUTH without TLS
	postfixSmall       = 2600 // takes messages up to smallMessage bytes, and says so
	postfixSmallSilent = 2601 // does not say so
	postfixLimited     = 2602 // takes one connection per client in a minute
	postfixStrict      = 2603 // refuses to relay for good, not for now
	postfixNoClient    = 2604 // refuses every client in the greeting
	postfixNoMail      = 2605 // greets with 521
	postfixNoHelo      = 2606 // refuses the name refused.test
	postfixNoSender    = 2607 // refuses senders of refused.test
	postfixNoData      = 2608 // refuses DATA
	postfixNoContent   = 2609 // refuses every message after its dot
	postfixASCII       = 2610 // without SMTPUTF8 and 8BITMIME
	postfixProxied     = 2611 // wants HAProxy's PROXY protocol
	postfixPostscreen  = 2612 // has postscreen in front
)

const (
	smallMessage  = 1024
	postfixDomain = "mail.test"
)

// PostfixOptions are what differs between tests. Nothing is required.
type PostfixOptions struct {
	SASL string // path of Dovecot's authentication socket
	TLS  *TLSFiles
}

const postfixMain = `
compatibility_level = 3.6
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
queue_directory = {dir}/spool
data_directory = {dir}/data
myhostname = postfix.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.1/32
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = ` + postfixDomain + `
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = inline:{ {alice@mail.test = alice/}, {bob@mail.test = bob/},
  {busy@mail.test = busy/}, {grey@mail.test = grey/}, {ålice@mail.test = alice/} }
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_relay_restrictions = permit_sasl_authenticated, defer_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{ {busy@mail.test = 421 4.3.2 Overloaded}, {grey@mail.test = DEFER 4.7.1 Greylisted for 60 seconds} }
smtpd_sasl_security_options = noanonymous
postscreen_greet_wait = 1s
postscreen_greet_banner = postfix.test waits
`

const postfixTLS = `
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
`

const postfixSASL = `
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
`

// Without chroot, and with nothing that is not used here.
const postfixMaster = `
{2525} inet n - n - - smtpd
{2587} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable={auth}
{2465} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable={auth}
{2588} inet n - n - - smtpd
  -o smtpd_tls_security_level=none -o smtpd_sasl_auth_enable={auth}
{2600} inet n - n - - smtpd
  -o message_size_limit={small}
{2601} inet n - n - - smtpd
  -o message_size_limit={small} -o smtpd_discard_ehlo_keywords=size
{2602} inet n - n - - smtpd
  -o smtpd_client_connection_rate_limit=1
{2603} inet n - n - - smtpd
  -o smtpd_relay_restrictions=reject_unauth_destination
{2604} inet n - n - - smtpd
  -o smtpd_delay_reject=no -o smtpd_client_restrictions=reject
{2605} inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_client_restrictions = check_client_access static:{521 5.3.2 no mail here} }
{2606} inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_helo_restrictions = check_helo_access inline:{refused.test=REJECT} }
{2607} inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_sender_restrictions = check_sender_access inline:{refused.test=REJECT} }
{2608} inet n - n - - smtpd
  -o smtpd_data_restrictions=reject
{2609} inet n - n - - smtpd
  -o smtpd_end_of_data_restrictions=reject
{2610} inet n - n - - smtpd
  -o smtputf8_enable=no -o smtpd_discard_ehlo_keywords=8bitmime
{2611} inet n - n - - smtpd
  -o smtpd_upstream_proxy_protocol=haproxy
{2612} inet n - n - 1 postscreen
smtpd     pass  -       -       n       -       -       smtpd
dnsblog   unix  -       -       n       -       0       dnsblog
tlsproxy  unix  -       -       n       -       0       tlsproxy
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
virtual   unix  -       n       n       -       -       virtual
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
`

// StartPostfix starts a Postfix that ends with the test.
func StartPostfix(t *testing.T, options PostfixOptions) *Postfix {
	t.Helper()
	p := &Postfix{Place: newPlace(t, "postfix")}
	p.mkdir(t, "etc", "root")
	p.mkdir(t, "data", "postfix")
	p.mkdir(t, "spool", "root")
	p.mkdir(t, "mail", "nobody")

	settings := postfixMain
	replace := []string{"{dir}", p.Dir, "{address}", p.Address, "{small}", strconv.Itoa(smallMessage), "{auth}", yesNo(options.SASL != "")}
	if options.TLS != nil {
		settings += postfixTLS
		cert, key := options.TLS.issue(t, "postfix", certs.For(p.Address))
		replace = append(replace, "{cert}", cert, "{key}", key)
	}
	if options.SASL != "" {
		settings += postfixSASL
		replace = append(replace, "{sasl}", options.SASL)
	}
	for port := postfixSMTP; port <= postfixPostscreen; port++ {
		replace = append(replace, fmt.Sprintf("{%d}", port), p.port(port))
	}
	replace = append(replace, fmt.Sprintf("{%d}", postfixSMTPS), p.port(postfixSMTPS))
	fill := strings.NewReplacer(replace...)
	p.write(t, "etc/main.cf", fill.Replace(settings))
	p.write(t, "etc/master.cf", fill.Replace(postfixMaster))

	// This makes the queue. "postfix start-fg" would then run master as a child
	// that outlives it.
	out, err := exec.Command("/usr/sbin/postfix", "-c", p.path("etc"), "check").CombinedOutput()
	require.NoError(t, err, "%s", out)
	p.server = start(t, p.Place, "master", "/usr/lib/postfix/sbin/master", "-c", p.path("etc"), "-s")
	p.Log = &Log{path: p.path("mail.log"), server: p.server}
	p.Log.Wait(t, "master[", "daemon started")
	return p
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// Stop stops it before the test ends.
func (p *Postfix) Stop(t *testing.T) {
	t.Helper()
	p.server.stop(t)
}

// Session waits for the end of the one session that came from an address and
// returns all that was logged about it.
func (p *Postfix) Session(t *testing.T, client string) []string {
	t.Helper()
	p.Log.Wait(t, "/smtpd[", "disconnect from", "["+client+"]")
	return p.Log.Lines(t, "["+client+"]")
}

// RequireCleanSession fails the test unless the one session from an address
// ended as RFC 5321 wants it.
func (p *Postfix) RequireCleanSession(t *testing.T, client string) {
	t.Helper()
	for _, line := range p.Session(t, client) {
		for _, complaint := range []string{"lost connection", "timeout after", "improper command", "non-SMTP", "PREGREET", "HANGUP", "COMMAND"} {
			require.NotContains(t, line, complaint)
		}
	}
}

// RequireNoLostConnection fails the test if Postfix lost a connection of anybody
// but these clients.
func (p *Postfix) RequireNoLostConnection(t *testing.T, but ...string) {
	t.Helper()
	for _, line := range p.Log.Lines(t, "lost connection") {
		require.True(t, slices.ContainsFunc(but, func(client string) bool { return strings.Contains(line, "["+client+"]") }), line)
	}
}

// Mail waits for the one message in a mailbox and returns it.
func (p *Postfix) Mail(t *testing.T, mailbox string) string {
	t.Helper()
	return p.server.awaitMail(t, p.path("mail", mailbox, "new"))
}

// awaitMail waits for the one message of a maildir.
func (p *process) awaitMail(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	p.await(t, "mail in "+dir, func() bool {
		var err error
		found, err = filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		return len(found) > 0
	})
	require.Len(t, found, 1)
	text, err := os.ReadFile(found[0])
	require.NoError(t, err)
	return string(text)
}
