//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// awaitMail waits for the one message that the server delivers into a maildir,
// and returns its text.
func (p *Program) awaitMail(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	p.Await(t, "mail in "+dir, func() bool {
		var err error
		found, err = filepath.Glob(filepath.Join(dir, "new", "*"))
		require.NoError(t, err)
		return len(found) > 0
	})
	require.Len(t, found, 1)
	text, err := os.ReadFile(found[0])
	require.NoError(t, err)
	return string(text)
}
