package smtpprobe_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// resolverFunc is a resolver of addresses, without MX records.
type resolverFunc func(ctx context.Context, network, host string) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return f(ctx, network, host)
}

func (resolverFunc) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

// zone is a resolver whose domain has a number of MX hosts, each with a number of
// addresses.
type zone struct {
	hosts, addrs int
	concurrent   int // if positive, lookups wait until this many are running

	mu    sync.Mutex
	names []string // that were looked up
	wait  sync.WaitGroup
}

func (z *zone) LookupMX(context.Context, string) ([]*net.MX, error) {
	records := make([]*net.MX, z.hosts)
	for i := range records {
		records[i] = &net.MX{Host: fmt.Sprintf("mx%03d.example.org.", i), Pref: uint16(i)}
	}
	return records, nil
}

func (z *zone) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	z.mu.Lock()
	z.names = append(z.names, host)
	z.mu.Unlock()
	if network == "ip6" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if z.concurrent > 0 {
		z.wait.Done()
		z.wait.Wait()
	}
	addrs := make([]netip.Addr, z.addrs)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
	}
	return addrs, nil
}

func TestTargets_MXHosts(t *testing.T) {
	t.Parallel()
	z := &zone{hosts: 3, addrs: 2, concurrent: 3}
	z.wait.Add(3)
	p := smtpprobe.Prober{Resolver: z, Timeout: 10 * time.Second}
	targets, err := p.Targets(t.Context(), smtpprobe.Target{Domain: "example.org", Port: 25, AllAddresses: true})
	require.NoError(t, err)
	require.Len(t, targets, 6)
	require.Equal(t, "mx000.example.org", targets[0].Host)
	require.Equal(t, "198.18.0.1", targets[1].IP.String())
	for _, name := range z.names {
		require.True(t, strings.HasSuffix(name, "."), "%s would be looked up with the search list", name)
	}
}

func TestTargets_Bounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		hosts, addrs  int
		all           bool
		want, omitted int
	}{
		{name: "MX hosts", hosts: 300, want: 256, omitted: 44},
		{name: "addresses of one host", hosts: 1, addrs: 100, all: true, want: 64, omitted: 36},
		{name: "addresses of all hosts", hosts: 5, addrs: 64, all: true, want: 256, omitted: 64},
		{name: "few", hosts: 2, addrs: 2, all: true, want: 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := smtpprobe.Prober{Resolver: &zone{hosts: tt.hosts, addrs: tt.addrs}}
			targets, err := p.Targets(t.Context(), smtpprobe.Target{Domain: "example.org", Port: 25, AllAddresses: tt.all})
			require.NoError(t, err)
			require.Len(t, targets, tt.want)
			require.Equal(t, tt.omitted, targets[0].Omitted)
		})
	}
}

func TestConnect_PrivateMX(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	for _, allowed := range []bool{false, true} {
		p := prober(srv, plain)
		p.Domain, p.AllowPrivateMX = "example.org", allowed
		r := p.probe(t.Context())
		if allowed {
			require.NoError(t, r.Err)
			continue
		}
		require.Equal(t, smtperr.ClassConfigError, failure(r).Class)
		require.Equal(t, smtperr.ReasonAddressNotPublic, failure(r).Reason)
		require.Equal(t, smtperr.PhaseConnect, failure(r).Phase)
	}
	require.Len(t, srv.Sessions(), 1)
}

// dialerFunc is a Dialer.
type dialerFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func TestConnect_UnreachableAddressesFirst(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{})
	p := prober(srv, plain)
	p.Timeout = 8 * time.Second
	p.Host, p.Resolver = "relay.test", &zone{addrs: 8}
	var attempts []string
	p.Dialer = dialerFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		attempts = append(attempts, address)
		if len(attempts) < 3 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, network, srv.Addr().String())
	})
	r := p.probe(t.Context())
	require.NoError(t, r.Err)
	require.Len(t, attempts, 3)
	connect := phaseOf(t, r, smtperr.PhaseConnect).Duration
	require.Greater(t, connect, 1900*time.Millisecond)
	require.Less(t, connect, 5*time.Second)
}
