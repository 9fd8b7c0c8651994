//go:build e2e

package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Log is a server's log file.
type Log struct {
	path   string
	server *Program
}

// log returns the log file of the program with a path in its directory.
func (p *Program) log(elements ...string) *Log {
	return &Log{path: p.File(elements...), server: p}
}

// Lines returns the complete lines that contain all the substrings.
func (l *Log) Lines(t *testing.T, substrings ...string) []string {
	t.Helper()
	text, err := os.ReadFile(l.path)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	lines := strings.Split(string(text), "\n")
	var found []string
	for _, line := range lines[:len(lines)-1] {
		if containsAll(line, substrings) {
			found = append(found, line)
		}
	}
	return found
}

// Wait waits for a line that contains all the substrings and returns the first.
func (l *Log) Wait(t *testing.T, substrings ...string) string {
	t.Helper()
	return l.WaitFor(t, 1, substrings...)[0]
}

// WaitFor waits for n lines that contain all the substrings and returns all
// such lines.
func (l *Log) WaitFor(t *testing.T, n int, substrings ...string) []string {
	t.Helper()
	var found []string
	defer func() {
		if len(found) < n {
			t.Logf("%s:\n%s", l.path, strings.Join(l.Lines(t), "\n"))
		}
	}()
	l.server.Await(t, "a log line with "+strings.Join(substrings, " and "), func() bool {
		found = l.Lines(t, substrings...)
		return len(found) >= n
	})
	return found
}

func containsAll(line string, substrings []string) bool {
	for _, s := range substrings {
		if !strings.Contains(line, s) {
			return false
		}
	}
	return true
}
