package policy

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// chainOf is what a server with a certificate sends, and after it an authority.
func chainOf(t *testing.T, c tls.Certificate, authorities ...*certs.Authority) []*x509.Certificate {
	t.Helper()
	var chain []*x509.Certificate
	for _, raw := range c.Certificate {
		parsed, err := x509.ParseCertificate(raw)
		require.NoError(t, err)
		chain = append(chain, parsed)
	}
	for _, a := range authorities {
		chain = append(chain, a.Certificate())
	}
	return chain
}

// record is the TLSA record for a certificate.
func record(usage, selector, matching uint8, c *x509.Certificate) TLSA {
	data := c.Raw
	if selector == selectKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case matchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return TLSA{Usage: usage, Selector: selector, Matching: matching, Data: data}
}

// altered is a valid record that matches nothing.
func altered(r TLSA) TLSA {
	r.Data = append([]byte(nil), r.Data...)
	r.Data[len(r.Data)-1] ^= 1
	return r
}

// anyTLSA is a record whose data does not matter.
const anyTLSA = "TLSA 3 1 1 0102030405060708091011121314151617181920212223242526272829303132"

// resolving is a source that trusts a DNS server of the test.
func resolving(t *testing.T, zone dnstest.Zone, change ...func(*Options)) (*Source, *dnstest.Server) {
	t.Helper()
	dns := dnstest.Start(t, zone)
	o := Options{Resolver: Resolver{Server: dns.Addr(), Trust: true}}
	for _, c := range change {
		c(&o)
	}
	s := NewSource(o)
	t.Cleanup(s.Wait)
	return s, dns
}

// everyPort connects to one address, whatever the port is.
type everyPort string

func (to everyPort) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("not an address: %w", err)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, string(to))
}
