//go:build e2e

package differential

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// host is the address of the relays, and the name in valid certificates.
const host = "127.0.0.1"

// authorities is a CA that the clients trust and one that they do not.
type authorities struct {
	known, unknown *certs.Authority
	certificate    tls.Certificate
	dir            string
}

func newAuthorities(t *testing.T) *authorities {
	t.Helper()
	a := &authorities{known: certs.NewAuthority("known"), unknown: certs.NewAuthority("unknown"), dir: t.TempDir()}
	a.certificate = a.known.Issue(certs.For(host))
	require.NoError(t, a.known.WriteFile(a.file()))
	return a
}

// file returns the path of the trusted CA, for the Python libraries. pool returns
// the same for the product.
func (a *authorities) file() string { return filepath.Join(a.dir, "ca.pem") }

func (a *authorities) pool() *x509.CertPool { return a.known.Pool() }

func (a *authorities) good() *tls.Config { return certs.Server(a.certificate) }

// issued returns the configuration of a relay with a certificate of the known CA.
func issued(leaf certs.Leaf) func(*authorities) *tls.Config {
	return func(a *authorities) *tls.Config { return certs.Server(a.known.Issue(leaf)) }
}

func selfSigned(*authorities) *tls.Config { return certs.Server(certs.SelfSigned(certs.For(host))) }

func unknownCA(a *authorities) *tls.Config { return certs.Server(a.unknown.Issue(certs.For(host))) }

// requiringClient returns the configuration of a relay that requires a client
// certificate, with the highest TLS version.
func requiringClient(version uint16) func(*authorities) *tls.Config {
	return func(a *authorities) *tls.Config {
		config := a.known.DemandClient(a.good())
		config.MaxVersion = version
		return config
	}
}
