//go:build e2e && zoo

package zoo

import (
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
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

func startChasquid(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "chasquid")
	ca := newAuthority(t, place)
	cert, key := ca.issue(t, place)
	write(t, place, "conf/chasquid.conf", chasquidConfig)
	write(t, place, "conf/domains/zoo.test/aliases", "postmaster: tester\n")
	r := &running{place: place, logs: []string{place.File("mail.log")}}
	r.program = sandboxed(t, place, "chasquid", []string{"chasquid"}, `
mkdir -p "$ROOT/conf/certs/`+hostname+`" "$ROOT/data"
cp `+cert+` "$ROOT/conf/certs/`+hostname+`/fullchain.pem"
cp `+key+` "$ROOT/conf/certs/`+hostname+`/privkey.pem"
chasquid-util -C="$ROOT/conf" user-add `+username+`@zoo.test --password=`+password+`
exec chasquid -config_dir "$ROOT/conf"`)
	r.await(t, 2525, 2587, 2465)
	tls := "\ntls_ca = \"" + ca.file + "\"\n"
	account := `probe = "auth"` + "\n" + `username = "` + username + `@zoo.test"` + "\n"
	smtp, submission := url("smtp", place, 2525), url("submission", place, 2587)
	r.situations = []situation{
		{asked: "a session with STARTTLS", url: smtp, settings: `starttls = "required"` + tls, verdict: "none/none:250:done"},
		{asked: "the right password", url: submission, settings: account + `password = "` + password + `"` + tls, verdict: "none/none:235:done"},
		{asked: "a wrong password", url: submission, settings: account + `password = "` + wrongPassword + `"` + tls, verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "MAIL on submission before AUTH", url: submission, settings: `probe = "rcpt"` + "\n" + `from = "probe@zoo.test"` + "\n" + `to = ["tester@zoo.test"]` + tls, verdict: "sender_refused/auth_required:550:mail", fault: "config"},
		{asked: "a recipient of another domain", url: smtp, settings: foreign, verdict: "recipients_refused/relay_denied:503:rcpt", fault: "config"},
		{asked: "an unknown mailbox", url: smtp, settings: missing, verdict: "recipients_refused/mailbox_unknown:550:rcpt", fault: "message"},
		{asked: "implicit TLS", url: url("smtps", place, 2465), settings: tls, verdict: "none/none:250:done"},
		{asked: "implicit TLS on a plaintext port", url: url("smtps", place, 2525), settings: tls, verdict: "tls_error/plaintext_smtp:none:tls", fault: "relay"},
		{asked: "plaintext on an implicit TLS port", url: url("smtp", place, 2465), settings: ehlo + "\n" + `timeout = "3s"`, verdict: "read_timeout/no_greeting:none:greeting", fault: "relay"},
	}
	return r
}
