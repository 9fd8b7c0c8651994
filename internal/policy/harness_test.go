package policy

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// chainOf returns the chain that a server with a certificate sends, followed by the
// certificates of authorities.
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

// record returns the TLSA record of a certificate.
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

// stale returns a usable record that matches nothing.
func stale(r TLSA) TLSA {
	r.Data = append([]byte(nil), r.Data...)
	r.Data[len(r.Data)-1] ^= 1
	return r
}

// anyTLSA is a record whose data does not matter.
const anyTLSA = "TLSA 3 1 1 0102030405060708091011121314151617181920212223242526272829303132"

// testSource returns a Source that trusts a test DNS server with the zone.
func testSource(t *testing.T, zone dnstest.Zone, change ...func(*Options)) (*Source, *dnstest.Server) {
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

// goodPolicy is a policy of domain.test.
const goodPolicy = "version: STSv1\r\nmode: enforce\r\nmx: mx.domain.test\r\nmx: *.example.test\r\nmax_age: 86400\r\n"

// stsZone returns a zone in which domain.test has MTA-STS, changed by the answers
// in more.
func stsZone(more dnstest.Zone) dnstest.Zone {
	zone := dnstest.Zone{
		"domain.test":          dnstest.Secure(dnstest.Records("MX 10 mx.domain.test.")),
		"_mta-sts.domain.test": dnstest.Records(`TXT "v=STSv1; id=20260101;"`),
		"mta-sts.domain.test":  dnstest.Records("A 127.0.0.1"),
	}
	maps.Copy(zone, more)
	return zone
}

// policyServer is the policy host of domain.test.
type policyServer struct {
	addr      string
	authority *certs.Authority // of the certificate
	requests  atomic.Int64
	handler   http.HandlerFunc // may be replaced between requests
}

// startPolicyServer starts a policy host with a valid certificate.
func startPolicyServer(t *testing.T, handler http.HandlerFunc) *policyServer {
	t.Helper()
	ca := certs.NewAuthority("web")
	return startPolicyServerAs(t, ca, ca.Issue(certs.For("mta-sts.domain.test")), handler)
}

func startPolicyServerAs(t *testing.T, ca *certs.Authority, cert tls.Certificate, handler http.HandlerFunc) *policyServer {
	t.Helper()
	p := &policyServer{authority: ca, handler: handler}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		p.handler(w, r)
	}))
	srv.TLS = certs.Server(cert)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	p.addr = srv.Listener.Addr().String()
	return p
}

// fetcher returns a Fetcher that connects to the server instead of port 443.
func (p *policyServer) fetcher() Fetcher {
	return Fetcher{Roots: p.authority.Pool(), Dialer: fixedDialer(p.addr), AllowPrivate: true}
}

// use makes a Source fetch policies from the server.
func (p *policyServer) use(o *Options) { o.Fetcher = p.fetcher() }

// serve returns a handler that serves a policy.
func serve(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, body)
	}
}

// fixedDialer is the address that it connects to.
type fixedDialer string

func (d fixedDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("not an address: %w", err)
	}
	return new(net.Dialer).DialContext(ctx, network, string(d))
}

// clock is a clock that only the test advances.
type clock struct{ now atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	now := time.Now()
	c.now.Store(&now)
	return c
}

func (c *clock) Now() time.Time { return *c.now.Load() }

func (c *clock) advance(d time.Duration) {
	later := c.Now().Add(d)
	c.now.Store(&later)
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
