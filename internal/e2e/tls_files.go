//go:build e2e

package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// TLSFiles is a certificate authority whose certificates are in files.
type TLSFiles struct {
	*certs.Authority
	CA string // path of the authority's certificate

	dir string
}

// NewTLSFiles creates an authority.
func NewTLSFiles(t *testing.T) *TLSFiles {
	t.Helper()
	f := &TLSFiles{Authority: certs.NewAuthority("e2e"), dir: PlaceFor(t, "tls").Dir}
	f.CA = f.dir + "/ca.pem"
	require.NoError(t, f.WriteFile(f.CA))
	shareFile(t, f.CA)
	return f
}

// IssueFiles writes a new certificate and its key and returns their paths.
func (f *TLSFiles) IssueFiles(t *testing.T, name string, leaf certs.Leaf) (cert, key string) {
	t.Helper()
	cert, key, err := certs.WriteFiles(f.dir, name, f.Issue(leaf))
	require.NoError(t, err)
	shareFile(t, cert)
	shareFile(t, key)
	return cert, key
}

// shareFile makes a file readable by servers that have changed users.
func shareFile(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Chmod(path, 0o644)) //nolint:gosec // see above
}
