package smtpprobe_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestSTARTTLS_RefusedWarning(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, opportunistic, smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 not now")}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnSTARTTLSRefused}, r.Warnings)
}

func TestTLSState(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, implicit, smtptest.Script{}, nil)
	require.NoError(t, r.Err)
	require.Equal(t, "ECDSA-256", r.TLS.Key())
	require.Equal(t, "Test CA", r.TLS.Issuer())
	require.Regexp(t, `^[0-9a-f]{16}$`, r.TLS.Fingerprint())
	require.NotEmpty(t, r.TLS.Group)
	require.Equal(t, r.TLS.Leaf.NotAfter, r.TLS.ChainExpiry)
	require.Empty(t, (*smtpprobe.TLSState)(nil).Key()+(*smtpprobe.TLSState)(nil).Issuer()+(*smtpprobe.TLSState)(nil).Fingerprint())
}

func TestTLS_ChainExpiry(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("Root")
	soon := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	middle := root.Intermediate("Middle", func(c *x509.Certificate) { c.NotAfter = soon })
	srv := smtptest.Start(t, smtptest.Script{TLS: certs.Server(middle.Issue(loopback())), ImplicitTLS: true})
	p := prober(srv, implicit)
	p.Prober.TLS.RootCAs = root.Pool()
	r := p.probe(t.Context())
	require.NoError(t, r.Err)
	require.Equal(t, soon, r.TLS.ChainExpiry.UTC())
	require.True(t, r.TLS.Leaf.NotAfter.After(soon))
}
