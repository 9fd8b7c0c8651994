//go:build e2e

package policy

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// finger runs posttls-finger in a mount namespace in which the system's resolver is the one
// of the test.
type finger struct {
	place e2e.Place
}

func newFinger(t *testing.T, resolver string) *finger {
	t.Helper()
	f := &finger{place: e2e.PlaceFor(t, "finger")}
	f.place.WriteFile(t, "resolv.conf", "nameserver "+resolver+"\noptions trust-ad timeout:3 attempts:1\n")
	f.place.WriteFile(t, "main.cf", "compatibility_level = 3.6\ninet_protocols = ipv4\nsmtp_host_lookup = dns\nmyhostname = finger.test\n"+
		"queue_directory = "+f.place.Dir+"\nmaillog_file =\n")
	return f
}

// run returns the output of posttls-finger at a TLS security level.
func (f *finger) run(t *testing.T, level, destination string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	script := `mount --bind "$1/resolv.conf" /etc/resolv.conf && exec posttls-finger -c -T 10 -l "$2" -L summary "$3"`
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", script, "finger", f.place.Dir, level, destination)
	cmd.Env = append(cmd.Environ(), "MAIL_CONFIG="+f.place.Dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err())
	if err != nil { // the exit status is not documented
		require.NotContains(t, string(out), "fatal:")
	}
	return strings.ReplaceAll(string(out), "posttls-finger: ", "")
}

// states maps the output of posttls-finger at the level dane-only to states of DANE. The
// first entry that matches is used.
var states = []struct {
	output string
	dane   []string
}{
	{"TLSA lookup error", []string{"bogus", "error"}},
	{"address lookup failed", []string{"bogus", "error"}},
	{"no TLSA records found", []string{"none", "unvalidated"}},
	{"no usable TLSA records found", []string{"unusable"}},
	{"all TLSA records unusable", []string{"unusable"}},
	{"Verified TLS connection established", []string{"ok"}},
	{"", []string{"mismatch"}},
}

// results maps the output of posttls-finger for a host that it does not verify to results.
// The first entry that matches is used.
var results = []struct {
	output  string
	results []string
}{
	{"certificate has expired", []string{"certificate-expired"}},
	{"certificate not yet valid", []string{"certificate-not-trusted"}},
	{"hostname mismatch", []string{"certificate-host-mismatch"}},
	{"no matching DANE TLSA records", []string{"tlsa-invalid", "certificate-not-trusted"}},
	{"STARTTLS rejected", []string{"starttls-not-supported"}},
	{"SSL_connect error", []string{"validation-failure"}},
	{"", []string{"starttls-not-supported"}},
}

// compare fails the test if posttls-finger disagrees with a verdict.
func (f *finger) compare(t *testing.T, destination, dane, result string) {
	t.Helper()
	strict := f.run(t, "dane-only", destination)
	for _, s := range states {
		if strings.Contains(strict, s.output) {
			require.Contains(t, s.dane, dane, strict)
			break
		}
	}
	lenient := f.run(t, "dane", destination)
	if dane == "unusable" {
		require.Equal(t, strings.Contains(lenient, " TLS connection established"), result == successful, lenient)
	}
	if dane != "mismatch" {
		return
	}
	for _, r := range results {
		if strings.Contains(lenient, r.output) {
			require.Contains(t, r.results, result, lenient)
			break
		}
	}
}
