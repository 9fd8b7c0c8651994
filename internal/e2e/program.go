//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Program is any other program, for tests in packages of their own.
type Program struct {
	Place
	process *process
}

// PlaceFor is a directory and an address for a program that is still to start.
func PlaceFor(t *testing.T, name string) Place {
	t.Helper()
	return newPlace(t, name)
}

// File is the path of a file in the directory.
func (p Place) File(elements ...string) string { return p.path(elements...) }

// At is the address with a port.
func (p Place) At(port int) string { return p.port(port) }

// WriteFile writes a file into the directory and returns its path.
func (p Place) WriteFile(t *testing.T, name, content string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(p.path(name)), 0o755)) //nolint:gosec // other users enter it
	return p.write(t, name, content)
}

// StartProgram runs a program in its place until it is stopped or the test
// ends.
func StartProgram(t *testing.T, place Place, name string, args ...string) *Program {
	t.Helper()
	return &Program{Place: place, process: start(t, place, name, args...)}
}

// Await waits for a condition as long as the program runs.
func (p *Program) Await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	p.process.await(t, what, condition)
}

// Said is the end of what it wrote to its stdout and stderr.
func (p *Program) Said() string { return p.process.said() }

// Stop asks it to end, and waits.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	p.process.stop(t)
}

// Built finds what "make e2e" has built in the folder bin, or what the
// environment names instead.
func Built(t *testing.T, variable, name string) string {
	t.Helper()
	return binary(t, variable, filepath.Join("bin", name))
}

// Root is the folder of the module.
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
