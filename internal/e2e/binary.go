//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Built returns the path of a program in the directory bin, which "make e2e"
// builds, or of the program that an environment variable names instead.
func Built(t *testing.T, variable, name string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	path := filepath.Join(Root(t), "bin", name)
	require.FileExists(t, path, "make e2e builds it; %s may name another", variable)
	return path
}

// Unpacked returns the directory into which install.sh unpacked a package, or
// npm's node_modules.
func Unpacked(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), "bin", ".servers", name)
	require.DirExists(t, path, "internal/e2e/install.sh unpacks it")
	return path
}

// Root returns the module's root directory.
func Root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(t, "/", dir, "no go.mod above the test")
		dir = filepath.Dir(dir)
	}
}

func smtpprobeBinary(t *testing.T) string { return Built(t, "SMTPPROBE_BIN", "smtpprobe") }
func telegrafBinary(t *testing.T) string  { return Built(t, "TELEGRAF_BIN", "telegraf") }
