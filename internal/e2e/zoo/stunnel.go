//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const stunnelConfig = `
foreground = yes
syslog = no
debug = 5
pid =
[smtps]
accept = {address}:2465
connect = {relay}
cert = {cert}
key = {key}
[client-certificate]
accept = {address}:2466
connect = {relay}
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
connect = {relay}
cert = {cert}
key = {key}
ciphers = AES128-SHA
sslVersionMax = TLSv1.2
`

func startStunnel(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "stunnel")
	tls := e2e.NewTLSFiles(t)
	cert, key := tls.IssueFiles(t, "server", certs.For(place.Address))
	relay := smtptest.Start(t, smtptest.Script{})
	place.WriteConfig(t, "stunnel.conf", stunnelConfig, "{relay}", relay.Addr().String(), "{cert}", cert, "{key}", key, "{ca}", tls.CA)
	r := &instance{}
	r.Program = sandboxed(t, place, "stunnel", nil, `exec stunnel4 "$ROOT/stunnel.conf"`)
	r.AwaitPorts(t, 2465, 2466, 2467, 2468)
	ca := trust(tls)
	r.probes = []e2e.Relay{
		{Name: "implicit TLS", URL: "smtps://" + place.At(2465), Settings: ca, Want: "none/none:250:done"},
		{Name: "an unknown authority", URL: "smtps://" + place.At(2465), Want: "tls_verify_error/unknown_authority:none:tls", Fault: "relay"},
		{Name: "no client certificate (TLS 1.2)", URL: "smtps://" + place.At(2466), Settings: ca, Want: "tls_error/client_cert_required:none:tls", Fault: "config"},
		{Name: "a relay behind stunnel that is down", URL: "smtps://" + place.At(2467), Settings: ca, Want: "disconnected/reset:none:greeting", Fault: "relay"},
		{Name: "only obsolete ciphers", URL: "smtps://" + place.At(2468), Settings: ca, Want: "tls_error/handshake_failure:none:tls", Fault: "relay"},
	}
	return r
}
