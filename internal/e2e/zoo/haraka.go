//go:build e2e && zoo

package zoo

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

func startHaraka(t *testing.T) *instance {
	t.Helper()
	place := e2e.PlaceFor(t, "haraka")
	for name, text := range map[string]string{
		"smtp.ini": "listen={address}:2525\nnodes=0\n", "me": hostname, "plugins": "auth/flat_file\nrcpt_to.in_host_list\nqueue/test\n",
		"host_list": "zoo.test", "auth_flat_file.ini": "[core]\nmethods=PLAIN,LOGIN,CRAM-MD5\nconstrain_sender=false\n[users]\ntester=correct-horse\n",
		"connection.ini": "[message]\nhelo=Haraka says hi\nclose=closing connection\n[max]\n[headers]\n[uuid]\n[haproxy]\n", "loglevel": "INFO", "databytes": "20000",
	} {
		place.WriteConfig(t, "config/"+name, text+"\n")
	}
	r := &instance{complaint: regexp.MustCompile(`early=Y|pipe=Y`)}
	r.Program = sandboxed(t, place, "haraka", nil, `
mkdir -p "$ROOT/queue"
exec node `+filepath.Join(e2e.Unpacked(t, "node_modules"), "Haraka", "bin", "haraka")+` -c "$ROOT"`)
	r.AwaitPorts(t, 2525)
	at := "smtp://" + place.At(2525)
	r.probes = []e2e.Relay{
		{Name: "a session", URL: at, Settings: ehlo, Want: "none/none:250:done"},
		{Name: "a recipient in another domain", URL: at, Settings: otherDomain, Want: "recipients_refused/mailbox_unavailable:550:rcpt", Fault: "message"},
		{Name: "a wrong password", URL: at, Settings: login(e2e.WrongPassword), Want: "auth_failed/auth_credentials_invalid:535:auth", Fault: "credentials"},
		{Name: "a recipient", URL: at, Settings: knownUser, Want: "none/none:250:done"},
		{Name: "LMTP on an SMTP port", URL: "lmtp://" + place.At(2525), Want: "helo_refused/not_lmtp:500:ehlo", Fault: "config"},
	}
	return r
}
