//go:build e2e && zoo

package zoo

import (
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const dovecotSettings = `
protocols = lmtp submission
auth_failure_delay = 1s
submission_relay_host = 127.0.0.1
submission_relay_port = 1
submission_relay_trusted = no
quota_full_tempfail = no
service submission-login {
  inet_listener submission {
    port = 2587
  }
}
`

func startDovecot(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "dovecot")
	r := &instance{
		Program:   e2e.RunDovecot(t, place, e2e.DovecotConfig{Hostname: hostname, Users: []string{e2e.Username}, Settings: dovecotSettings}),
		logs:      []string{place.File("dovecot.log")},
		complaint: regexp.MustCompile(`(?i)disconnected: connection closed|unexpected|too many`),
	}
	r.AwaitPorts(t, e2e.DovecotLMTP, 2587)
	return r
}

// startDovecotSubmission starts a submission server. After AUTH, Dovecot connects
// to its own relay and replies 421 when that fails. A probe of depth auth may send
// QUIT before the 421, so its result would vary.
func startDovecotSubmission(t *testing.T) *instance {
	t.Helper()
	r := startDovecot(t)
	at := "smtp://" + r.At(2587)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a wrong password", URL: at, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "a recipient while the next relay is down", URL: at, Settings: knownUser + "auth_cleartext = true\n" + credentials(e2e.Username, e2e.Password), Want: "service_unavailable/refused:421:mail", Fault: "relay"},
		{Name: "MAIL before AUTH", URL: at, Settings: knownUser, Want: "sender_refused/auth_required:530:mail", Fault: "config"},
		{Name: "LMTP on a submission port", URL: "lmtp://" + r.At(2587), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}

func startDovecotLMTP(t *testing.T) *instance {
	t.Helper()
	r := startDovecot(t)
	at := "lmtp://" + r.At(e2e.DovecotLMTP)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Want: "none/none:250:done"},
		{Name: "a recipient", URL: at, Settings: rcpt + toTester, Want: "none/none:250:done"},
		{Name: "an unknown mailbox", URL: at, Settings: rcpt + toUnknown, Want: "recipients_refused/mailbox_unknown:550:rcpt", Fault: "message"},
		{Name: "a message to a known and an unknown mailbox", URL: at, Settings: `probe = "send"
from = "probe@zoo.test"
to = ["tester@zoo.test", "nobody-at-all@zoo.test"]`, Want: "recipient_refused/mailbox_unknown:550:rcpt", Fault: "message"},
		{Name: "SMTP on an LMTP port", URL: "smtp://" + r.At(e2e.DovecotLMTP), Settings: ehlo, Want: "helo_refused/refused:500:helo", Fault: "config"},
	}
	return r
}
