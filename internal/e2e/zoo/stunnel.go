//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

const stunnelConfig = `
foreground = yes
syslog = no
debug = 5
pid =
[smtps]
accept = {address}:2465
connect = {behind}
cert = {cert}
key = {key}
[client-certificate]
accept = {address}:2466
connect = {behind}
cert = {cert}
key = {key}
CAfile = {ca}
verifyChain = yes
sslVersionMax = TLSv1.2
[dead]
accept = {address}:2467
connect = 127.0.0.1:1
cert = {cert}
key = {key}
[old]
accept = {address}:2468
connect = {behind}
cert = {cert}
key = {key}
ciphers = AES128-SHA
sslVersionMax = TLSv1.2
`

func startStunnel(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "stunnel")
	ca := newAuthority(t, place)
	cert, key := ca.issue(t, place)
	behind := smtptest.Start(t, smtptest.Script{})
	write(t, place, "stunnel.conf", stunnelConfig, "{behind}", behind.Addr().String(), "{cert}", cert, "{key}", key, "{ca}", ca.file)
	r := &running{place: place}
	r.program = sandboxed(t, place, "stunnel", nil, `exec stunnel4 "$ROOT/stunnel.conf"`)
	r.await(t, 2465, 2466, 2467, 2468)
	tls := "tls_ca = \"" + ca.file + "\"\n"
	r.situations = []situation{
		{asked: "implicit TLS", url: url("smtps", place, 2465), settings: tls, verdict: "none/none:250:done"},
		{asked: "an authority that is not known", url: url("smtps", place, 2465), verdict: "tls_verify_error/unknown_authority:none:tls", fault: "relay"},
		{asked: "a client certificate is required", url: url("smtps", place, 2466), settings: tls, verdict: "tls_error/client_cert_required:none:tls", fault: "config"},
		{asked: "the relay behind is down", url: url("smtps", place, 2467), settings: tls, verdict: "disconnected/reset:none:greeting", fault: "relay"},
		{asked: "ciphers that are too old", url: url("smtps", place, 2468), settings: tls, verdict: "tls_error/handshake_failure:none:tls", fault: "relay"},
	}
	return r
}
