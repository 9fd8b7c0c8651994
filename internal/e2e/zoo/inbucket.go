//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startInbucket(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "inbucket")
	r := &running{place: place}
	r.program = sandboxed(t, place, "inbucket", nil, `
export INBUCKET_SMTP_ADDR="$ADDRESS:2525" INBUCKET_POP3_ADDR="$ADDRESS:1100" INBUCKET_WEB_ADDR="$ADDRESS:9000" INBUCKET_WEB_UIDIR="$ROOT"
export INBUCKET_SMTP_REJECTDOMAINS=elsewhere.test INBUCKET_SMTP_MAXMESSAGEBYTES=2000
exec `+e2e.Built(t, "INBUCKET_BIN", "inbucket"))
	r.await(t, 2525)
	at := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session", url: at, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of a refused domain", url: at, settings: foreign, verdict: "recipients_refused/relay_denied:550:rcpt", fault: "config"},
		{asked: "a message", url: at, settings: send, verdict: "none/none:250:done"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
