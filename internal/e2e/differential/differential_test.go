//go:build e2e

package differential

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/differences.md")

func TestPython_Differences(t *testing.T) {
	libraries := []*library{startLibrary(t, smtplib), startLibrary(t, aiosmtplib)}
	all := compare(t, libraries, slices.Concat(allCases(), matrix()))
	used := make(map[int]bool)
	for _, l := range libraries {
		agreements, sessions := 0, 0
		for _, c := range all {
			if c.ran(l) {
				sessions++
			}
			if c.agrees(l) {
				agreements++
			}
			if !c.disagrees(l) {
				continue
			}
			i := reasonFor(l.Name, c.scenario)
			used[i] = true
			if i < 0 {
				t.Errorf("%s over %s: %s: %s (%s)\nours: %s (corresponds to %s; %s)\nreasons.go has no reason for it",
					c.scenario.name, c.over, l.Name, c.theirs[l.Name], c.theirs[l.Name].Text, c.ours, c.ours.exceptions[l.Name], c.ours.text)
			}
		}
		t.Logf("%s %s agrees in %d of %d sessions", l.Name, l.Version, agreements, sessions)
	}
	path := filepath.Join("..", "..", "..", "docs", "differences.md")
	want := document(libraries, all)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644)) //nolint:gosec // not secret
		return
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	if !strings.Contains(string(got), madeWith(libraries)) {
		// The file describes the versions that it names. Others have other bugs.
		t.Logf("docs/differences.md describes other versions. %s", madeWith(libraries))
		return
	}
	for i, r := range reasons {
		require.True(t, used[i], "the reason %q has no disagreement", r.title)
	}
	listed, occurring := strings.Split(string(got), "\n"), strings.Split(want, "\n")
	for _, line := range listed {
		if !slices.Contains(occurring, line) {
			t.Errorf("listed, but does not occur: %s", line)
		}
	}
	for _, line := range occurring {
		if !slices.Contains(listed, line) {
			t.Errorf("occurs, but is not listed: %s", line)
		}
	}
	require.True(t, t.Failed() || string(got) == want, "the lines of docs/differences.md are in another order")
	if t.Failed() {
		t.Log("check each line, then run with -update to write docs/differences.md")
	}
}
