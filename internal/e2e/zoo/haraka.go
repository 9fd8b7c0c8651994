//go:build e2e && zoo

package zoo

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startHaraka(t *testing.T) *running {
	t.Helper()
	place := e2e.PlaceFor(t, "haraka")
	for name, text := range map[string]string{
		"smtp.ini": "listen={address}:2525\nnodes=0\n", "me": hostname, "plugins": "auth/flat_file\nrcpt_to.in_host_list\nqueue/test\n",
		"host_list": "zoo.test", "auth_flat_file.ini": "[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\nconstrain_sender=false\n[users]\ntester=correct-horse\n",
		"connection.ini": "[message]\nhelo=Haraka says hi\nclose=closing connection\n[max]\n[headers]\n[uuid]\n[haproxy]\n", "loglevel": "INFO", "databytes": "20000",
	} {
		write(t, place, "config/"+name, text+"\n")
	}
	r := &running{place: place, rude: regexp.MustCompile(`early=Y|pipe=Y`)}
	r.program = sandboxed(t, place, "haraka", nil, `
mkdir -p "$ROOT/queue"
exec node `+filepath.Join(directory(t), "node_modules", "Haraka", "bin", "haraka")+` -c "$ROOT"`)
	r.await(t, 2525)
	at := url("smtp", place, 2525)
	r.situations = []situation{
		{asked: "a session", url: at, settings: ehlo, verdict: "none/none:250:done"},
		{asked: "a recipient of another domain", url: at, settings: foreign, verdict: "recipients_refused/mailbox_unavailable:550:rcpt", fault: "message"},
		{asked: "a wrong password", url: at, settings: login(wrongPassword), verdict: "auth_failed/auth_credentials_invalid:535:auth", fault: "credentials"},
		{asked: "a recipient", url: at, settings: known, verdict: "none/none:250:done"},
		{asked: "LMTP on an SMTP port", url: url("lmtp", place, 2525), verdict: "helo_refused/not_lmtp:500:ehlo", fault: "config"},
	}
	return r
}
