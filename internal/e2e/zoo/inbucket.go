//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startInbucket(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "inbucket")
	r := &instance{}
	r.Program = sandboxed(t, place, "inbucket", nil, `
export INBUCKET_SMTP_ADDR="$ADDRESS:2525" INBUCKET_POP3_ADDR="$ADDRESS:1100" INBUCKET_WEB_ADDR="$ADDRESS:9000" INBUCKET_WEB_UIDIR="$ROOT"
export INBUCKET_SMTP_REJECTDOMAINS=elsewhere.test INBUCKET_SMTP_MAXMESSAGEBYTES=2000
exec `+e2e.Built(t, "INBUCKET_BIN", "inbucket"))
	r.AwaitPorts(t, 2525)
	at := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in a refused domain", URL: at, Settings: otherDomain, Want: "recipients_refused/relay_denied:550:rcpt", Fault: "config"},
		{Name: "a message", URL: at, Settings: send, Want: "none/none:250:done"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
