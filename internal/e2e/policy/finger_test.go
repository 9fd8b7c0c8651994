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

// finger asks posttls-finger, in a mount namespace whose resolver is the test's.
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

// asked is what posttls-finger wrote at one level.
func (f *finger) asked(t *testing.T, level, destination string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	script := `mount --bind "$1/resolv.conf" /etc/resolv.conf && exec posttls-finger -c -T 10 -l "$2" -L summary "$3"`
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "sh", "-c", script, "finger", f.place.Dir, level, destination)
	cmd.Env = append(cmd.Environ(), "MAIL_CONFIG="+f.place.Dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, ctx.Err())
	if err != nil { // its status is not documented
		require.NotContains(t, string(out), "fatal:")
	}
	return strings.ReplaceAll(string(out), "posttls-finger: ", "")
}

// states are what posttls-finger writes at the level dane-only, and the states
// of DANE that this can mean. The first that fits counts.
var states = []struct {
	written string
	dane    []string
}{
	{"TLSA lookup error", []string{"bogus", "error"}},
	{"address lookup failed", []string{"bogus", "error"}},
	{"no TLSA records found", []string{"none", "unvalidated"}},
	{"no usable TLSA records found", []string{"unusable"}},
	{"all TLSA records unusable", []string{"unusable"}},
	{"Verified TLS connection established", []string{"ok"}},
	{"", []string{"mismatch"}},
}

// results are what posttls-finger writes about a host that it does not verify,
// and the results that this can mean.
var results = []struct {
	written string
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

// agrees compares a verdict with what posttls-finger makes of a destination.
func (f *finger) agrees(t *testing.T, destination, dane, result string) {
	t.Helper()
	strict := f.asked(t, "dane-only", destination)
	for _, s := range states {
		if strings.Contains(strict, s.written) {
			require.Contains(t, s.dane, dane, strict)
			break
		}
	}
	lenient := f.asked(t, "dane", destination)
	if dane == "unusable" {
		require.Equal(t, strings.Contains(lenient, " TLS connection established"), result == successful, lenient)
	}
	if dane != "mismatch" {
		return
	}
	for _, r := range results {
		if strings.Contains(lenient, r.written) {
			require.Contains(t, r.results, result, lenient)
			break
		}
	}
}
