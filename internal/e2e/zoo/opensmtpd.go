//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const openSMTPDConfig = `
pki zoo cert "{cert}"
pki zoo key "{key}"
listen on {address} port 2525
listen on {address} port 2526 tls-require pki zoo
action "local" maildir "{dir}/mail"
match from any for domain "zoo.test" action "local"
`

// startOpenSMTPD starts OpenSMTPD. In Debian's build every TLS handshake fails with
// the alert internal_error.
func startOpenSMTPD(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "opensmtpd")
	tls := e2e.NewTLSFiles(t)
	cert, key := tls.IssueFiles(t, "server", certs.For(place.Address))
	place.WriteConfig(t, "smtpd.conf", openSMTPDConfig, "{cert}", cert, "{key}", key)
	r := &instance{}
	r.Program = sandboxed(t, place, "opensmtpd", []string{"opensmtpd"}, `
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
chmod 600 `+key+`
exec /usr/sbin/smtpd -dv -f "$ROOT/smtpd.conf"`)
	r.AwaitPorts(t, 2525, 2526)
	at, requiringTLS := "smtp://"+place.At(2525), "smtp://"+place.At(2526)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in another domain", URL: at, Settings: otherDomain, Want: "recipients_refused/mailbox_unavailable:550:rcpt", Fault: "message"},
		{Name: "MAIL where TLS is required", URL: requiringTLS, Settings: knownUser, Want: "sender_refused/tls_required:530:mail", Fault: "config"},
		{Name: "a TLS handshake aborted by the server", URL: requiringTLS, Settings: startTLS + trust(tls), Want: "tls_error/tls_alert:none:tls", Fault: "relay"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
