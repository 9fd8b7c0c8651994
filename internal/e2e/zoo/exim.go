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

func startExim(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "exim")
	write(t, place, "exim.conf", eximConfig)
	r := &running{
		place: place, logs: []string{place.File("log/mainlog")},
		rude: regexp.MustCompile(`(?i)synchronization|unexpected disconnection|incomplete transaction \(connection lost|connection lost`),
	}
	r.program = sandboxed(t, place, "exim", []string{"exim4-daemon-heavy"}, `
mkdir -p "$ROOT/spool" "$ROOT/log"
touch "$ROOT/log/mainlog"
chown -R Debian-exim "$ROOT/spool" "$ROOT/log"
chown root "$ROOT/exim.conf"
exec /usr/sbin/exim4 -C "$ROOT/exim.conf" -bdf -q1h`)
	r.await(t, 2525, 2526, 2527)
	smtp := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session", url: smtp, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a sender over its rate", url: url("smtp", place, 2526), settings: known, verdict: "sender_refused/rate_limited:451:mail", fault: "prober"},
		{asked: "a listed address", url: url("smtp", place, 2527), settings: known, verdict: "recipients_refused/client_blocked:550:rcpt", fault: "prober"},
		{asked: "a recipient of another domain", url: smtp, settings: foreign, verdict: "recipients_refused/relay_denied:550:rcpt", fault: "config"},
		{asked: "a refusal without words", url: smtp, settings: rcpt + `to = ["x@listed.test"]`, verdict: "recipients_refused/mailbox_unavailable:550:rcpt", fault: "message"},
		{asked: "greylisting", url: smtp, settings: rcpt + `to = ["grey@zoo.test"]`, verdict: "recipients_refused/greylisted:451:rcpt", fault: "message"},
		{asked: "a message that is taken for spam", url: smtp, settings: send + "\n" + `subject = "viagra"`, verdict: "data_refused/spam_suspected:550:dot", fault: "message"},
		{asked: "a wrong password", url: smtp, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "a password lookup that fails", url: smtp, settings: `probe = "auth"` + "\n" + `starttls = "never"` + "\n" + `auth_cleartext = true` + "\n" + `username = "broken"` + "\n" + `password = "x-x-x-x"`, verdict: "auth_failed/auth_temporary:435:auth", fault: "relay"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
