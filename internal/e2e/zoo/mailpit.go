//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// startMailpit starts two servers: one that accepts everything, and one that requires
// STARTTLS but already offers AUTH before it.
func startMailpit(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "mailpit")
	tls := e2e.NewTLSFiles(t)
	cert, key := tls.IssueFiles(t, "server", certs.For(place.Address))
	mailpit := e2e.Built(t, "MAILPIT_BIN", "mailpit")
	r := &instance{}
	r.Program = sandboxed(t, place, "mailpit", nil, `
`+mailpit+` --smtp "$ADDRESS:2525" --listen "$ADDRESS:8025" --smtp-auth-allow-insecure --smtp-auth-accept-any --disable-version-check --smtp-disable-rdns & first=$!
`+mailpit+` --smtp "$ADDRESS:2526" --listen "$ADDRESS:8026" --smtp-auth-accept-any --disable-version-check --smtp-disable-rdns \
	--smtp-tls-cert `+cert+` --smtp-tls-key `+key+` --smtp-require-starttls & second=$!
trap 'kill $first $second' TERM
wait; wait`)
	r.AwaitPorts(t, 2525, 2526)
	at := "smtp://" + place.At(2526)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: "smtp://" + place.At(2525), Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a message", URL: "smtp://" + place.At(2525), Settings: send, Want: "none/none:250:done"},
		{Name: "MAIL where STARTTLS is required", URL: at, Settings: knownUser, Want: "sender_refused/tls_required:530:mail", Fault: "config"},
		{Name: "AUTH where STARTTLS is required", URL: at, Settings: login(e2e.Password), Want: "auth_failed/tls_required:530:auth", Fault: "config"},
		{Name: "STARTTLS", URL: at, Settings: startTLS + trust(tls), Want: "none/none:250:done"},
	}
	return r
}
