//go:build e2e && zoo

package zoo

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// server is a mail server of docs/servers.md.
type server struct {
	name  string
	start func(t *testing.T) *instance
}

// instance is a running server with the probes to run.
type instance struct {
	*e2e.Program
	logs []string // paths of log files; without any, stdout and stderr are the log
	// complaint matches the log lines about mistakes of the client, if the server
	// logs them.
	complaint *regexp.Regexp
	probes    []e2e.Relay // the names are the situations of docs/servers.md
}

// client is the address of the probes. Postfix's block list names it.
const client = "127.200.1.1"

// Settings that probes share.
const (
	plaintext = "starttls = \"never\"\n"
	startTLS  = "starttls = \"required\"\n"

	ehlo        = "probe = \"ehlo\"\n" + plaintext
	rcpt        = "probe = \"rcpt\"\nfrom = \"probe@zoo.test\"\n"
	send        = "probe = \"send\"\nfrom = \"probe@zoo.test\"\n" + toTester + plaintext
	toTester    = "to = [\"tester@zoo.test\"]\n"
	toUnknown   = "to = [\"nobody-at-all@zoo.test\"]\n"
	knownUser   = rcpt + toTester + plaintext
	unknownUser = rcpt + toUnknown + plaintext
	otherDomain = rcpt + plaintext + "to = [\"someone@elsewhere.test\"]\n"
	spam        = send + "subject = \"viagra\"\n"
)

// login returns the settings of a probe that authenticates without TLS.
func login(password string) string {
	return "probe = \"auth\"\n" + plaintext + "auth_cleartext = true\n" + credentials(e2e.Username, password)
}

func credentials(username, password string) string {
	return fmt.Sprintf("username = %q\npassword = %q\n", username, password)
}

// trust returns the setting that makes a probe trust an authority.
func trust(tls *e2e.TLSFiles) string { return fmt.Sprintf("tls_ca = %q\n", tls.CA) }

// log returns everything that the server has logged.
func (r *instance) log(t *testing.T) string {
	t.Helper()
	if len(r.logs) == 0 {
		return r.Output()
	}
	var all strings.Builder
	for _, name := range r.logs {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
