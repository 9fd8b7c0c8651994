package dial_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

// byFamily answers queries for A and AAAA records.
func byFamily(a, aaaa dnstest.Answer) dnstest.Answer {
	return dnstest.For(map[string]dnstest.Answer{"A": a, "AAAA": aaaa})
}

func TestLookup_Addrs(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{
		"relay.test":             dnstest.Records("A 127.0.0.2", "A 127.0.0.1", "A 127.0.0.2", "A 127.0.0.3"),
		"dual.test":              dnstest.Records("A 127.0.0.1", "AAAA ::1"),
		"v6.test":                dnstest.Records("AAAA ::1"),
		"unique-local.test":      dnstest.Records("A 127.0.0.1", "AAAA fd00::1"),
		"large.test":             dnstest.Truncated(dnstest.Records("A 127.0.0.9")),
		"alias.test":             dnstest.Chain("alias.test CNAME relay.test.", "relay.test A 127.0.0.12"),
		"_mail_relay.test":       dnstest.Records("A 127.0.0.4"),
		"xn--bcher-kva.test":     dnstest.Records("A 127.0.0.5"),
		"xn--strae-oqa.xn--p1ai": dnstest.Records("A 127.0.0.6"),
		"servfail-aaaa.test":     byFamily(dnstest.Records("A 127.0.0.7"), dnstest.ServFail()),
		"refused-a.test":         byFamily(dnstest.Refused(), dnstest.Records("AAAA ::1")),
		"nxdomain-aaaa.test":     byFamily(dnstest.Records("A 127.0.0.10"), dnstest.NXDomain()),
		"garbage-aaaa.test":      byFamily(dnstest.Records("A 127.0.0.11"), dnstest.Garbage()),
	})
	for _, tt := range []struct{ name, network, host, want string }{
		{name: "duplicates", host: "relay.test", want: "127.0.0.2 127.0.0.1 127.0.0.3"},
		{name: "final dot", host: "relay.test.", want: "127.0.0.2 127.0.0.1 127.0.0.3"},
		{name: "upper case", host: "Relay.TEST", want: "127.0.0.2 127.0.0.1 127.0.0.3"},
		{name: "both families", host: "dual.test", want: "::1 127.0.0.1"},
		{name: "ip4", network: "ip4", host: "dual.test", want: "127.0.0.1"},
		{name: "ip6", network: "ip6", host: "dual.test", want: "::1"},
		{name: "IPv6 only", host: "v6.test", want: "::1"},
		{name: "unique local address", host: "unique-local.test", want: "127.0.0.1 fd00::1"},
		{name: "truncated over UDP", host: "large.test", want: "127.0.0.9"},
		{name: "CNAME", network: "ip4", host: "alias.test", want: "127.0.0.12"},
		{name: "underscores", host: "_mail_relay.test", want: "127.0.0.4"},
		{name: "IDN", host: "BÜCHER.test", want: "127.0.0.5"},
		{name: "IDNA 2008", host: "straße。рф", want: "127.0.0.6"},
		{name: "SERVFAIL for AAAA", host: "servfail-aaaa.test", want: "127.0.0.7"},
		{name: "REFUSED for A", host: "refused-a.test", want: "::1"},
		{name: "NXDOMAIN for AAAA", host: "nxdomain-aaaa.test", want: "127.0.0.10"},
		{name: "malformed reply for AAAA", host: "garbage-aaaa.test", want: "127.0.0.11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range resolvers(srv.Addr()) {
				got, err := client{Network: tt.network, Timeout: time.Minute, Resolver: r}.Addrs(t.Context(), tt.host)
				require.NoError(t, err, name)
				texts := make([]string, len(got))
				for i, ip := range got {
					texts[i] = ip.String()
				}
				require.Equal(t, tt.want, strings.Join(texts, " "), name)
			}
		})
	}
}

func TestLookup_Failures(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{
		"nodata.test":            dnstest.NoData(),
		"servfail.test":          dnstest.ServFail(),
		"refused.test":           dnstest.Refused(),
		"garbage.test":           dnstest.Garbage(),
		"v4.test":                dnstest.Records("A 127.0.0.1"),
		"nodata-servfail.test":   byFamily(dnstest.NoData(), dnstest.ServFail()),
		"servfail-nodata.test":   byFamily(dnstest.ServFail(), dnstest.NoData()),
		"dangling-alias.test":    dnstest.Records("CNAME gone.test."),
		"large-and-refused.test": dnstest.Truncated(dnstest.Refused()),
		"mapped.test":            dnstest.Records("AAAA ::ffff:127.0.0.1"),
	})
	for _, tt := range []struct{ name, network, host, want string }{
		{name: "NXDOMAIN", host: "gone.test", want: "dns_not_found/not_found@dns"},
		{name: "NODATA", host: "nodata.test", want: "dns_not_found/not_found@dns"},
		{name: "CNAME without target", host: "dangling-alias.test", want: "dns_not_found/not_found@dns"},
		{name: "other family only", network: "ip6", host: "v4.test", want: "dns_not_found/not_found@dns"},
		{name: "IPv4-mapped address in AAAA", host: "mapped.test", want: "dns_not_found/not_found@dns"},
		{name: "SERVFAIL", host: "servfail.test", want: "dns_error/server_failure@dns"},
		{name: "REFUSED", host: "refused.test", want: "dns_error/server_failure@dns"},
		{name: "REFUSED over TCP", host: "large-and-refused.test", want: "dns_error/server_failure@dns"},
		{name: "malformed reply", host: "garbage.test", want: "dns_error/server_failure@dns"},
		{name: "NODATA for A, SERVFAIL for AAAA", host: "nodata-servfail.test", want: "dns_error/server_failure@dns"},
		{name: "SERVFAIL for A, NODATA for AAAA", host: "servfail-nodata.test", want: "dns_error/server_failure@dns"},
		{name: "invalid IPv4 address", host: "192.0.2.300", want: "config_error/invalid_address@dns"},
		{name: "empty name", host: "", want: "config_error/invalid_address@dns"},
		{name: "empty label", host: "relay..test", want: "config_error/invalid_address@dns"},
		{name: "label too long", host: strings.Repeat("a", 64) + ".test", want: "config_error/invalid_address@dns"},
		{name: "name too long", host: strings.Repeat("a.", 127) + "test", want: "config_error/invalid_address@dns"},
		{name: "CRLF", host: "relay.test\r\nQUIT", want: "config_error/invalid_address@dns"},
		{name: "invalid IDN", host: "ü\u200d.test", want: "config_error/invalid_address@dns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, r := range resolvers(srv.Addr()) {
				_, err := client{Network: tt.network, Timeout: time.Minute, Resolver: r}.Addrs(t.Context(), tt.host)
				require.Equal(t, tt.want, outcome(t, err), "%s: %v", name, err)
			}
		})
	}
}

// fakeResolver maps networks, and "mx", to the error of a lookup. A lookup without
// an error returns 192.0.2.1.
type fakeResolver map[string]func(ctx context.Context) error

func (r fakeResolver) LookupNetIP(ctx context.Context, network, _ string) ([]netip.Addr, error) {
	if err := r[network](ctx); err != nil {
		return nil, err
	}
	return addrs("192.0.2.1"), nil
}

func (r fakeResolver) LookupMX(ctx context.Context, _ string) ([]*net.MX, error) {
	return nil, r["mx"](ctx)
}

func TestLookup_Timeout(t *testing.T) {
	t.Parallel()
	found := func(context.Context) error { return nil }
	notFound := func(context.Context) error { return &net.DNSError{IsNotFound: true} }
	servfail := func(context.Context) error { return &net.DNSError{IsTemporary: true} }
	silent := func(ctx context.Context) error { return waitFor(ctx, 0) }
	stalled := func(ctx context.Context) error { return waitFor(ctx, time.Second) }
	for _, tt := range []struct {
		name     string
		a, aaaa  func(context.Context) error
		deadline bool // of the context instead of the lookup
		want     string
	}{
		{name: "no reply for AAAA", a: found, aaaa: silent, want: "192.0.2.1"},
		{name: "no reply for AAAA until the deadline", a: found, aaaa: silent, deadline: true, want: "dns_timeout@dns"},
		{name: "no reply", a: silent, aaaa: silent, want: "dns_timeout@dns"},
		{name: "not found for A, no reply for AAAA", a: notFound, aaaa: silent, want: "dns_timeout@dns"},
		{name: "SERVFAIL for A, no reply for AAAA", a: servfail, aaaa: silent, want: "dns_timeout@dns"},
		{name: "stalled", a: found, aaaa: stalled, want: "local_error/prober_stalled@dns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, ctx := client{Resolver: fakeResolver{"ip4": tt.a, "ip6": tt.aaaa, "mx": tt.aaaa}}, t.Context()
				if tt.deadline {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, time.Second)
					defer cancel()
				} else {
					c.Timeout = time.Second
				}
				got, err := c.Addrs(ctx, "relay.test")
				if err == nil {
					require.Equal(t, addrs(tt.want), got)
				} else {
					require.Equal(t, tt.want, outcome(t, err))
				}
				_, err = c.MX(ctx, "relay.test")
				require.Equal(t, "dns_timeout@dns", outcome(t, err))
			})
		})
	}
}

// waitFor waits until the context ends and some time longer.
func waitFor(ctx context.Context, longer time.Duration) error {
	<-ctx.Done()
	time.Sleep(longer) // in a synctest bubble
	return ctx.Err()
}

func TestLookup_Literal(t *testing.T) {
	t.Parallel()
	c := client{Resolver: dial.NameServer(closed.String())}
	for text, want := range map[string]string{
		"127.0.0.1":        "127.0.0.1",
		"::1":              "::1",
		"fe80::1%eth0":     "fe80::1%eth0",
		"::ffff:127.0.0.1": "127.0.0.1",
	} {
		got, err := c.Addrs(t.Context(), text)
		require.NoError(t, err, text)
		require.Equal(t, addrs(want), got)
	}
	c.Network = "ip6"
	_, err := c.Addrs(t.Context(), "127.0.0.1")
	require.Equal(t, "dns_not_found/not_found@dns", outcome(t, err))
}

func TestLookup_NoServer(t *testing.T) {
	t.Parallel()
	for name, r := range resolvers(closed.String()) {
		c := client{Timeout: time.Minute, Resolver: r}
		_, err := c.Addrs(t.Context(), "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", outcome(t, err), name)
		_, err = c.MX(t.Context(), "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", outcome(t, err), name)
	}
}

// TestLookup_Canceled cancels lookups when the query has arrived at the name
// server. It is not parallel because it looks at the goroutines of the process.
func TestLookup_Canceled(t *testing.T) {
	var cancel atomic.Pointer[context.CancelFunc]
	srv := dnstest.Start(t, dnstest.Zone{"silent.test": func(*dnstest.Query) { (*cancel.Load())() }})
	for name, r := range resolvers(srv.Addr()) {
		c := client{Timeout: time.Minute, Resolver: r}
		for _, lookup := range []func(context.Context) error{
			func(ctx context.Context) error {
				_, err := c.Addrs(ctx, "silent.test")
				return err
			},
			func(ctx context.Context) error {
				_, err := c.MX(ctx, "silent.test")
				return err
			},
		} {
			ctx, stop := context.WithCancel(t.Context())
			cancel.Store(&stop)
			require.Equal(t, "canceled@dns", outcome(t, lookup(ctx)), name)
		}
	}
	require.Eventually(t, func() bool {
		var stacks strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
			return false
		}
		return !strings.Contains(stacks.String(), "RoundTrip") && !strings.Contains(stacks.String(), "nameserver.go")
	}, time.Minute, 10*time.Millisecond, "a lookup continues after its context has ended")
}

// TestLookup_Flood sends datagrams that are not the reply. They end the lookup long
// before its timeout.
func TestLookup_Flood(t *testing.T) {
	t.Parallel()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		for {
			buf := make([]byte, 1232)
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			reply := buf[:n]
			reply[0] ^= 1    // another message ID
			reply[2] |= 0x80 // QR
			go func() {
				for ctx.Err() == nil {
					if _, err := server.WriteTo(reply, from); err != nil {
						return
					}
				}
			}()
		}
	}()
	for name, r := range resolvers(server.LocalAddr().String()) {
		_, err = client{Network: "ip4", Resolver: r}.Addrs(ctx, "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", outcome(t, err), name)
		require.NoError(t, ctx.Err())
	}
}

func TestNameServer_OnlySource(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{"localhost": dnstest.Records("A 127.0.0.99")})
	c := client{Resolver: dial.NameServer(srv.Addr()), Network: "ip4"}
	got, err := c.Addrs(t.Context(), "localhost")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.99"), got, "the hosts file was used")
	_, err = c.Addrs(t.Context(), "gone")
	require.Equal(t, "dns_not_found/not_found@dns", outcome(t, err))
	require.Equal(t, []string{"localhost. A", "gone. A"}, srv.Queries())
}

func TestNameServer_LostDatagram(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{"relay.test": dnstest.Seq(dnstest.Silence(), dnstest.Records("A 127.0.0.1"))})
	c := client{Resolver: dial.NameServer(srv.Addr()), Network: "ip4"}
	got, err := c.Addrs(t.Context(), "relay.test")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.1"), got)
	require.Len(t, srv.Queries(), 2)
}

func TestSystem_LocalError(t *testing.T) {
	t.Parallel()
	c := client{Resolver: dial.System{Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, os.NewSyscallError("socket", syscall.EMFILE)
	}}}
	_, err := c.Addrs(t.Context(), "relay.test.")
	require.Equal(t, "local_error/too_many_open_files@dns", outcome(t, err))
	_, err = c.MX(t.Context(), "relay.test.")
	require.Equal(t, "local_error/too_many_open_files@dns", outcome(t, err))
}

func TestSystem_HostsFile(t *testing.T) {
	t.Parallel()
	got, err := client{Network: "ip4"}.Addrs(t.Context(), "localhost")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.1"), got)
}

func BenchmarkLookup_Literal(b *testing.B) {
	c, ctx := client{Timeout: time.Second}, b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Addrs(ctx, "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
