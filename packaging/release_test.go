//go:build unix

package packaging

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dpkg and rpm both sort ~ before everything and + after the end.
func TestTheNumberOfAPackageSortsAsItsVersionDoes(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	for version, want := range map[string]string{
		"v1.2.3":                  "1.2.3",
		"v1.2.3-rc.1":             "1.2.3~rc.1",
		"v1.2.3-4-gabc1234":       "1.2.3+4.gabc1234",
		"v1.2.3-4-gabc1234-dirty": "1.2.3+4.gabc1234~dirty",
		"v1.2.3-rc.1-4-gabc1234":  "1.2.3~rc.1+4.gabc1234",
		"abc1234":                 "0.0.0~abc1234",
		"dev":                     "0.0.0~dev",
	} {
		cmd := exec.Command("make", "-s", "-f", "-", "number", "VERSION="+version, "BIN=bin")
		cmd.Dir = ".."
		cmd.Stdin = strings.NewReader("include packaging/release.mk\nnumber: ; @echo '$(NUMBER)'\n")
		got, err := cmd.Output()
		require.NoError(t, err)
		require.Equal(t, want+"\n", string(got), version)
	}
}
