//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const openSMTPDConfig = `
pki zoo cert "{dir}/server.pem"
pki zoo key "{dir}/server-key.pem"
listen on {address} port 2525
listen on {address} port 2526 tls-require pki zoo
action "local" maildir "{dir}/mail"
match from any for domain "zoo.test" action "local"
`

// startOpenSMTPD: the TLS of Debian's build fails with the alert internal_error.
func startOpenSMTPD(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "opensmtpd")
	ca := newAuthority(t, place)
	cert, key := ca.issue(t, place)
	write(t, place, "smtpd.conf", openSMTPDConfig, "{dir}/server.pem", cert, "{dir}/server-key.pem", key)
	r := &running{place: place}
	r.program = sandboxed(t, place, "opensmtpd", []string{"opensmtpd"}, `
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
chmod 600 "$ROOT"/server*key*
exec /usr/sbin/smtpd -dv -f "$ROOT/smtpd.conf"`)
	r.await(t, 2525, 2526)
	smtp, tls := url("smtp", place, 2525), url("smtp", place, 2526)
	r.situations = []situation{
		{asked: "a session", url: smtp, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of another domain", url: smtp, settings: foreign, verdict: "recipients_refused/mailbox_unavailable:550:rcpt", fault: "message"},
		{asked: "MAIL where TLS is required", url: tls, settings: known, verdict: "sender_refused/tls_required:530:mail", fault: "config"},
		{asked: "a handshake that the server breaks off", url: tls, settings: `starttls = "required"` + "\ntls_ca = \"" + ca.file + "\"", verdict: "tls_error/tls_alert:none:tls", fault: "relay"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
