//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const chasquidConfig = `
hostname: "` + hostname + `"
max_data_size_mb: 1
smtp_address: "{address}:2525"
submission_address: "{address}:2587"
submission_over_tls_address: "{address}:2465"
mail_delivery_agent_bin: "/bin/cat"
data_dir: "{dir}/data"
mail_log_path: "{dir}/mail.log"
suffix_separators: "+"
drop_characters: "."
`

func startChasquid(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "chasquid")
	tls := e2e.NewTLSFiles(t)
	cert, key := tls.IssueFiles(t, "server", certs.For(place.Address))
	place.WriteConfig(t, "conf/chasquid.conf", chasquidConfig)
	place.WriteConfig(t, "conf/domains/zoo.test/aliases", "postmaster: tester\n")
	r := &instance{logs: []string{place.File("mail.log")}}
	r.Program = sandboxed(t, place, "chasquid", []string{"chasquid"}, `
mkdir -p "$ROOT/conf/certs/`+hostname+`" "$ROOT/data"
cp `+cert+` "$ROOT/conf/certs/`+hostname+`/fullchain.pem"
cp `+key+` "$ROOT/conf/certs/`+hostname+`/privkey.pem"
chasquid-util -C="$ROOT/conf" user-add `+e2e.Username+`@zoo.test --password=`+e2e.Password+`
exec chasquid -config_dir "$ROOT/conf"`)
	r.AwaitPorts(t, 2525, 2587, 2465)
	ca := trust(tls)
	login := func(password string) string {
		return "probe = \"auth\"\n" + credentials(e2e.Username+"@zoo.test", password) + ca
	}
	smtp, submission := "smtp://"+place.At(2525), "submission://"+place.At(2587)
	r.probes = []e2e.Relay{
		{Name: "a session with STARTTLS", URL: smtp, Settings: startTLS + ca, Want: "none/none:250:done"},
		{Name: "the right password", URL: submission, Settings: login(e2e.Password), Want: "none/none:235:done"},
		{Name: "a wrong password", URL: submission, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "MAIL on submission before AUTH", URL: submission, Settings: rcpt + toTester + ca, Want: "sender_refused/auth_required:550:mail", Fault: "config"},
		{Name: "a recipient in another domain", URL: smtp, Settings: otherDomain, Want: "recipients_refused/relay_denied:503:rcpt", Fault: "config"},
		{Name: "an unknown mailbox", URL: smtp, Settings: unknownUser, Want: "recipients_refused/mailbox_unknown:550:rcpt", Fault: "message"},
		{Name: "implicit TLS", URL: "smtps://" + place.At(2465), Settings: ca, Want: "none/none:250:done"},
		{Name: "implicit TLS on a plaintext port", URL: "smtps://" + place.At(2525), Settings: ca, Want: "tls_error/plaintext_smtp:none:tls", Fault: "relay"},
		{Name: "plaintext on an implicit TLS port", URL: "smtp://" + place.At(2465), Settings: ehlo + "timeout = \"3s\"\n", Want: "read_timeout/no_greeting:none:greeting", Fault: "relay"},
	}
	return r
}
