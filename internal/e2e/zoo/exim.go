//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const eximConfig = `
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
log_selector = +smtp_no_mail +smtp_incomplete_transaction +smtp_protocol_error +smtp_syntax_error
pid_file_path = {dir}/spool/exim.pid
primary_hostname = ` + hostname + `
local_interfaces = {address}
daemon_smtp_ports = 2525 : 2526 : 2527 : 2528
tls_advertise_hosts =
rfc1413_query_timeout = 0s
host_lookup =
auth_advertise_hosts = *
smtp_accept_max = 20
smtp_accept_max_per_host = ${if eq{$received_port}{2528}{0}{20}}
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
mail:
  defer condition = ${if eq{$received_port}{2526}}
        message = Sender rate overlimit - 12.0 / 1h
  accept
rcpt:
  deny condition = ${if eq{$received_port}{2527}}
       message = $sender_host_address is listed at zen.spamhaus.org
  deny domains = listed.test
  require message = relay not permitted
          domains = zoo.test
  defer local_parts = grey
        message = greylisted, try again later
  accept local_parts = tester
  deny message = unknown user
data:
  deny condition = ${if match{$h_subject:}{viagra}}
       message = This message scored 12.3 spam points
  accept
begin routers
local:
  driver = accept
  transport = discard
begin transports
discard:
  driver = appendfile
  file = /dev/null
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth2}{broken}{${lookup{x}lsearch{/does/not/exist}}}{${if and{{eq{$auth2}{tester}}{eq{$auth3}{correct-horse}}}}}}
`

func startExim(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "exim")
	place.WriteConfig(t, "exim.conf", eximConfig)
	r := &instance{
		logs:      []string{place.File("log/mainlog")},
		complaint: regexp.MustCompile(`(?i)synchronization|unexpected disconnection|incomplete transaction \(connection lost|connection lost`),
	}
	r.Program = sandboxed(t, place, "exim", []string{"exim4-daemon-heavy"}, `
mkdir -p "$ROOT/spool" "$ROOT/log"
touch "$ROOT/log/mainlog"
chown -R Debian-exim "$ROOT/spool" "$ROOT/log"
chown root "$ROOT/exim.conf"
exec /usr/sbin/exim4 -C "$ROOT/exim.conf" -bdf -q1h`)
	r.AwaitPorts(t, 2525, 2526, 2527)
	smtp := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: smtp, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a sender over the rate limit", URL: "smtp://" + place.At(2526), Settings: knownUser, Want: "sender_refused/rate_limited:451:mail", Fault: "prober"},
		{Name: "a client on a block list", URL: "smtp://" + place.At(2527), Settings: knownUser, Want: "recipients_refused/client_blocked:550:rcpt", Fault: "prober"},
		{Name: "a recipient in another domain", URL: smtp, Settings: otherDomain, Want: "recipients_refused/relay_denied:550:rcpt", Fault: "config"},
		{Name: "a rejection without a reason", URL: smtp, Settings: rcpt + plaintext + `to = ["x@listed.test"]`, Want: "recipients_refused/mailbox_unavailable:550:rcpt", Fault: "message"},
		{Name: "greylisting", URL: smtp, Settings: rcpt + plaintext + `to = ["grey@zoo.test"]`, Want: "recipients_refused/greylisted:451:rcpt", Fault: "message"},
		{Name: "a message classified as spam", URL: smtp, Settings: spam, Want: "data_refused/spam_suspected:550:dot", Fault: "message"},
		{Name: "a wrong password", URL: smtp, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "a password lookup that fails", URL: smtp, Settings: "probe = \"auth\"\nauth_cleartext = true\n" + plaintext + credentials("broken", "x-x-x-x"), Want: "auth_failed/auth_temporary:435:auth", Fault: "relay"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
