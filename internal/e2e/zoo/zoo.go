//go:build e2e && zoo

package zoo

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// server is one kind of mail server.
type server struct {
	name  string
	start func(t *testing.T) *running
}

// running is a server that was started.
type running struct {
	place   e2e.Place
	program *e2e.Program
	// logs are its log files; empty: what it writes to stdout and stderr.
	logs []string
	// rude matches the log lines that a client's mistakes leave. A line of a
	// probe that must provoke one is named by the situation.
	rude       *regexp.Regexp
	situations []situation
}

// situation is one probe of a server, and the verdict that helps the operator.
type situation struct {
	asked    string // in the words of docs/servers.md
	url      string
	settings string // TOML
	verdict  e2e.Outcome
	fault    string
	warnings string
}

// The one account, where a server has accounts.
const (
	username      = "tester"
	password      = "correct-horse"
	wrongPassword = "battery-staple"
)

// settings that situations share
const (
	ehlo    = `probe = "ehlo"` + "\n" + `starttls = "never"`
	rcpt    = `probe = "rcpt"` + "\n" + `starttls = "never"` + "\n" + `from = "probe@zoo.test"` + "\n"
	foreign = rcpt + `to = ["someone@elsewhere.test"]`
	known   = rcpt + `to = ["tester@zoo.test"]`
	missing = rcpt + `to = ["nobody-at-all@zoo.test"]`
	send    = `probe = "send"` + "\n" + `starttls = "never"` + "\n" + `from = "probe@zoo.test"` + "\n" + `to = ["tester@zoo.test"]`
)

// login is the settings of a probe that logs in without TLS.
func login(secret string, more ...string) string {
	if !strings.Contains(strings.Join(more, ""), "probe = ") {
		more = append(more, `probe = "auth"`)
	}
	return strings.Join(append([]string{
		`starttls = "never"`, `auth_cleartext = true`, `username = "` + username + `"`, `password = "` + secret + `"`,
	}, more...), "\n")
}

// authority issues the servers' certificates.
type authority struct {
	*certs.Authority
	file string
}

func newAuthority(t *testing.T, place e2e.Place) *authority {
	t.Helper()
	a := &authority{Authority: certs.NewAuthority("zoo"), file: place.File("ca.pem")}
	require.NoError(t, a.WriteFile(a.file))
	return a
}

// issue writes a certificate for the place's address, and its key.
func (a *authority) issue(t *testing.T, place e2e.Place) (cert, key string) {
	t.Helper()
	cert, key, err := certs.WriteFiles(place.Dir, "server", a.Issue(certs.For(place.Address)))
	require.NoError(t, err)
	for _, file := range []string{cert, key} {
		require.NoError(t, os.Chmod(file, 0o644)) //nolint:gosec // servers read it after they have changed users
	}
	return cert, key
}

// await waits until ports are served. It connects and leaves at once, which some
// servers log: the logs are read from then on.
func (r *running) await(t *testing.T, ports ...int) {
	t.Helper()
	for _, port := range ports {
		r.program.Await(t, "its port is open", func() bool {
			conn, err := net.DialTimeout("tcp", r.place.At(port), time.Second)
			if err != nil {
				return false
			}
			require.NoError(t, conn.Close())
			return true
		})
	}
}

// log is what the server has logged.
func (r *running) log(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range r.logs {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		all.Write(text)
	}
	if len(r.logs) == 0 {
		return r.program.Said()
	}
	return all.String()
}
