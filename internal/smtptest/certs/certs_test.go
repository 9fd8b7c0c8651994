package certs

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLeaf_Valid(t *testing.T) {
	t.Parallel()
	ca := NewAuthority("test")
	leaf := ca.Issue(For("relay.test", "127.0.0.1", "::1")).Leaf
	for _, host := range []string{"relay.test", "127.0.0.1", "::1"} {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: ca.Pool()})
		require.NoError(t, err, host)
	}
}

func TestLeaf_Invalid(t *testing.T) {
	t.Parallel()
	ca, other := NewAuthority("test"), NewAuthority("other")
	verify := func(c tls.Certificate, at time.Time) error {
		_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: "relay.test", Roots: ca.Pool(), CurrentTime: at})
		return err
	}
	now := time.Now()
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError

	expired := ca.Issue(Expired(For("relay.test")))
	require.ErrorAs(t, verify(expired, now), &invalid)
	require.Equal(t, x509.Expired, invalid.Reason)
	require.NoError(t, verify(expired, now.AddDate(0, 0, -2)))

	future := ca.Issue(NotYetValid(For("relay.test")))
	require.ErrorAs(t, verify(future, now), &invalid)
	require.NoError(t, verify(future, now.AddDate(0, 0, 2)))

	require.ErrorAs(t, verify(ca.Issue(For("other.test")), now), &host)
	both := ca.Issue(Expired(For("other.test")))
	require.ErrorAs(t, verify(both, now), &invalid)
	require.ErrorAs(t, verify(both, now.AddDate(0, 0, -2)), &host)

	require.ErrorAs(t, verify(other.Issue(For("relay.test")), now), &unknown)
	self := SelfSigned(For("relay.test"))
	require.ErrorAs(t, verify(self, now), &unknown)
	require.NoError(t, self.Leaf.CheckSignature(self.Leaf.SignatureAlgorithm, self.Leaf.RawTBSCertificate, self.Leaf.Signature))
}

func TestWriteFiles(t *testing.T) {
	t.Parallel()
	ca, dir := NewAuthority("test"), t.TempDir()
	certFile, keyFile, err := WriteFiles(dir, "client", ca.Issue(Client("probe")))
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	require.Equal(t, "probe", pair.Leaf.Subject.CommonName)

	path := filepath.Join(dir, "ca.pem")
	require.NoError(t, ca.WriteFile(path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(content))
	require.True(t, pool.Equal(ca.Pool()))

	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAuthority_Intermediate(t *testing.T) {
	t.Parallel()
	root := NewAuthority("root")
	issued := root.Intermediate("first").Intermediate("second").Issue(For("relay.test"))
	require.Len(t, issued.Certificate, 3, "the leaf and both intermediates")
	intermediates := x509.NewCertPool()
	for _, der := range issued.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		intermediates.AddCert(c)
	}
	_, err := issued.Leaf.Verify(x509.VerifyOptions{DNSName: "relay.test", Roots: root.Pool(), Intermediates: intermediates})
	require.NoError(t, err)
}
