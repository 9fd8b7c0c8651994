//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// startMailpit starts two: one that takes everything, and one that requires
// STARTTLS although it offers AUTH before it.
func startMailpit(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "mailpit")
	ca := newAuthority(t, place)
	cert, key := ca.issue(t, place)
	mailpit := e2e.Built(t, "MAILPIT_BIN", "mailpit")
	r := &running{place: place}
	r.program = sandboxed(t, place, "mailpit", nil, `
`+mailpit+` --smtp "$ADDRESS:2525" --listen "$ADDRESS:8025" --smtp-auth-allow-insecure --smtp-auth-accept-any --disable-version-check --smtp-disable-rdns & first=$!
`+mailpit+` --smtp "$ADDRESS:2526" --listen "$ADDRESS:8026" --smtp-auth-accept-any --disable-version-check --smtp-disable-rdns \
	--smtp-tls-cert `+cert+` --smtp-tls-key `+key+` --smtp-require-starttls & second=$!
trap 'kill $first $second' TERM
wait; wait`)
	r.await(t, 2525, 2526)
	at := url("smtp", place, 2526)
	r.situations = []situation{
		{asked: "a session", url: url("smtp", place, 2525), settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a message", url: url("smtp", place, 2525), settings: send, verdict: "none/none:250:done"},
		{asked: "MAIL where STARTTLS is required", url: at, settings: known, verdict: "sender_refused/tls_required:530:mail", fault: "config"},
		{asked: "AUTH where STARTTLS is required", url: at, settings: login(password), verdict: "auth_failed/tls_required:530:auth", fault: "config"},
		{asked: "STARTTLS", url: at, settings: `starttls = "required"` + "\ntls_ca = \"" + ca.file + "\"", verdict: "none/none:250:done"},
	}
	return r
}
