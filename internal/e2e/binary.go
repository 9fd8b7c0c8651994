//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// binary finds a program that "make e2e" built, or one that the environment
// names instead.
func binary(t *testing.T, variable, path string) string {
	t.Helper()
	if named := os.Getenv(variable); named != "" {
		return named
	}
	path = filepath.Join(Root(t), path)
	require.FileExists(t, path, "make e2e builds it; %s may name another", variable)
	return path
}

func smtpprobeBinary(t *testing.T) string { return binary(t, "SMTPPROBE_BIN", "bin/smtpprobe") }
func telegrafBinary(t *testing.T) string  { return binary(t, "TELEGRAF_BIN", "bin/telegraf") }
