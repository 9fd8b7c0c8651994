//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const dovecotConfig = `
base_dir = {dir}/run
state_dir = {dir}/state
log_path = {dir}/dovecot.log
instance_name = {dir}
protocols = lmtp submission
listen = {address}
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
disable_plaintext_auth = no
auth_failure_delay = 1s
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
hostname = ` + hostname + `
submission_relay_host = 127.0.0.1
submission_relay_port = 1
submission_relay_trusted = no
quota_full_tempfail = no
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {dir}/users
}
userdb {
  driver = passwd-file
  args = username_format=%n {dir}/users
}
service lmtp {
  inet_listener lmtp {
    port = 2424
  }
}
service submission-login {
  inet_listener submission {
    port = 2587
  }
}
`

func startDovecot(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "dovecot")
	write(t, place, "users", username+":{PLAIN}"+password+":65534:65534::{dir}/mail::\n")
	write(t, place, "dovecot.conf", dovecotConfig)
	r := &running{place: place, logs: []string{place.File("dovecot.log")}, rude: regexp.MustCompile(`(?i)disconnected: connection closed|unexpected|too many`)}
	r.program = sandboxed(t, place, "dovecot", nil, `
mkdir -p "$ROOT/mail"
chown nobody "$ROOT/mail"
exec /usr/sbin/dovecot -F -c "$ROOT/dovecot.conf"`)
	r.await(t, 2424, 2587)
	return r
}

// startDovecotSubmission: after AUTH Dovecot connects to its own relay, and
// sends a 421 when that fails. With probe = "auth" QUIT may be first.
func startDovecotSubmission(t *testing.T) *running {
	t.Helper()
	r := startDovecot(t)
	at := url("smtp", r.place, 2587)
	r.situations = []situation{
		{asked: "a session", url: at, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a wrong password", url: at, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "a recipient, but the relay behind is down", url: at, settings: login(password, `probe = "rcpt"`, `to = ["tester@zoo.test"]`), verdict: "service_unavailable/refused:421:mail", fault: "relay"},
		{asked: "MAIL before AUTH", url: at, settings: known, verdict: "sender_refused/auth_required:530:mail", fault: "config"},
		{asked: "LMTP on a submission port", url: url("lmtp", r.place, 2587), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}

func startDovecotLMTP(t *testing.T) *running {
	t.Helper()
	r := startDovecot(t)
	at := url("lmtp", r.place, 2424)
	lmtp := "\n" + `from = "probe@zoo.test"` + "\n"
	r.situations = []situation{
		{asked: "a session", url: at, verdict: "none/none:250:done"},
		{asked: "a recipient", url: at, settings: `probe = "rcpt"` + lmtp + `to = ["tester@zoo.test"]`, verdict: "none/none:250:done"},
		{asked: "an unknown mailbox", url: at, settings: `probe = "rcpt"` + lmtp + `to = ["nobody-at-all@zoo.test"]`, verdict: "recipients_refused/mailbox_unknown:550:rcpt", fault: "message"},
		{asked: "a message for a mailbox and an unknown one", url: at, settings: `probe = "send"` + lmtp + `to = ["tester@zoo.test", "nobody-at-all@zoo.test"]`, verdict: "recipient_refused/mailbox_unknown:550:rcpt", fault: "message"},
		{asked: "SMTP on an LMTP port", url: url("smtp", r.place, 2424), settings: ehlo, verdict: "helo_refused/refused:500:helo", fault: "config"},
	}
	return r
}
