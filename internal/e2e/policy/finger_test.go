//go:build e2e

package policy

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// finger runs posttls-finger in a mount namespace in which the system's resolver is
// the one of the test.
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

// finding maps output of posttls-finger to the verdicts that it can mean.
type finding struct {
	output   string
	verdicts []string
}

// states maps the output at the level dane-only to states of DANE. The first entry
// that matches is used.
var states = []finding{
	{output: "TLSA lookup error", verdicts: []string{"bogus", "error"}},
	{output: "address lookup failed", verdicts: []string{"bogus", "error"}},
	{output: "no TLSA records found", verdicts: []string{"none", "unvalidated"}},
	{output: "no usable TLSA records found", verdicts: []string{"unusable"}},
	{output: "all TLSA records unusable", verdicts: []string{"unusable"}},
	{output: "Verified TLS connection established", verdicts: []string{"ok"}},
	{output: "", verdicts: []string{"mismatch"}},
}

// results maps the output for a host that is not verified to results. The first
// entry that matches is used.
var results = []finding{
	{output: "certificate has expired", verdicts: []string{"certificate-expired"}},
	{output: "certificate not yet valid", verdicts: []string{"certificate-not-trusted"}},
	{output: "hostname mismatch", verdicts: []string{"certificate-host-mismatch"}},
	{output: "no matching DANE TLSA records", verdicts: []string{"tlsa-invalid", "certificate-not-trusted"}},
	{output: "STARTTLS rejected", verdicts: []string{"starttls-not-supported"}},
	{output: "SSL_connect error", verdicts: []string{"validation-failure"}},
	{output: "", verdicts: []string{"starttls-not-supported"}},
}

// agrees reports whether output can mean a verdict.
func agrees(findings []finding, output, verdict string) bool {
	for _, f := range findings {
		if strings.Contains(output, f.output) {
			return slices.Contains(f.verdicts, verdict)
		}
	}
	return false
}

// compare fails the test if posttls-finger disagrees with a verdict. It runs the
// program a second time on disagreement, because lookups can time out on a busy
// machine.
func (f *finger) compare(t *testing.T, destination, dane, result string) {
	t.Helper()
	output := f.run(t, "dane-only", destination)
	if !agrees(states, output, dane) {
		output = f.run(t, "dane-only", destination)
	}
	require.True(t, agrees(states, output, dane), "%s is not %s", output, dane)
	output = f.run(t, "dane", destination)
	switch dane {
	case "unusable":
		require.Equal(t, strings.Contains(output, " TLS connection established"), result == successful, output)
	case "mismatch":
		require.True(t, agrees(results, output, result), "%s is not %s", output, result)
	}
}
