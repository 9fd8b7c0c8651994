//go:build e2e

package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// TLSFiles are an authority of the test and certificates of it, in files.
type TLSFiles struct {
	*certs.Authority
	CA string // file of the authority's certificate

	dir string
}

func newTLSFiles(t *testing.T) *TLSFiles {
	t.Helper()
	f := &TLSFiles{Authority: certs.NewAuthority("e2e"), dir: newPlace(t, "tls").Dir}
	f.CA = f.dir + "/ca.pem"
	require.NoError(t, f.WriteFile(f.CA))
	// Servers read it after they have changed users.
	require.NoError(t, os.Chmod(f.CA, 0o644)) //nolint:gosec // see above
	return f
}

// issue writes a certificate and its key.
func (f *TLSFiles) issue(t *testing.T, name string, leaf certs.Leaf) (cert, key string) {
	t.Helper()
	cert, key, err := certs.WriteFiles(f.dir, name, f.Issue(leaf))
	require.NoError(t, err)
	for _, file := range []string{cert, key} {
		require.NoError(t, os.Chmod(file, 0o644)) //nolint:gosec // servers read it after they have changed users
	}
	return cert, key
}
