package dial_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

// way is what both resolvers can do.
type way interface {
	Resolve(ctx context.Context, host string) ([]netip.Addr, error)
	MX(ctx context.Context, domain string) ([]dial.MXHost, error)
}

// ways are the two resolvers, both asking the same server.
func ways(c config, server string) map[string]way {
	named := c
	named.DNSServer = server
	return map[string]way{"dns_server": named, "system": c.overSystem(server)}
}

// byType answers by the type of record that is asked for.
func byType(a, aaaa dnstest.Answer) dnstest.Answer {
	return func(q *dnstest.Query) {
		const typeAAAA = 28
		if q.Question.Qtype == typeAAAA {
			aaaa(q)
			return
		}
		a(q)
	}
}

func TestLookup_Addrs(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{
		"relay.test":             dnstest.Records("A 127.0.0.2", "A 127.0.0.1", "A 127.0.0.2", "A 127.0.0.3"),
		"dual.test":              dnstest.Records("A 127.0.0.1", "AAAA ::1"),
		"v6.test":                dnstest.Records("AAAA ::1"),
		"unique-local.test":      dnstest.Records("A 127.0.0.1", "AAAA fd00::1"),
		"large.test":             dnstest.Truncated(dnstest.Records("A 127.0.0.9")),
		"_mail_relay.test":       dnstest.Records("A 127.0.0.4"),
		"xn--bcher-kva.test":     dnstest.Records("A 127.0.0.5"),
		"xn--strae-oqa.xn--p1ai": dnstest.Records("A 127.0.0.6"),
		"servfail-aaaa.test":     byType(dnstest.Records("A 127.0.0.7"), dnstest.ServFail()),
		"refused-a.test":         byType(dnstest.Refused(), dnstest.Records("AAAA ::1")),
		"silent-aaaa.test":       byType(dnstest.Records("A 127.0.0.8"), dnstest.Silence()),
		"nxdomain-for-aaaa.test": byType(dnstest.Records("A 127.0.0.10"), dnstest.NXDomain()),
		"garbage-for-aaaa.test":  byType(dnstest.Records("A 127.0.0.11"), dnstest.Garbage()),
	})
	for _, tt := range []struct{ name, version, host, want string }{
		{"several, without duplicates", "", "relay.test", "127.0.0.2 127.0.0.1 127.0.0.3"},
		{"a final dot changes nothing", "", "relay.test.", "127.0.0.2 127.0.0.1 127.0.0.3"},
		{"nor do capitals", "", "Relay.TEST", "127.0.0.2 127.0.0.1 127.0.0.3"},
		{"IPv6 goes first", "", "dual.test", "::1 127.0.0.1"},
		{"only IPv4", "ip4", "dual.test", "127.0.0.1"},
		{"only IPv6", "ip6", "dual.test", "::1"},
		{"a host without IPv4", "", "v6.test", "::1"},
		{"unique local addresses go after IPv4", "", "unique-local.test", "127.0.0.1 fd00::1"},
		{"an answer over TCP", "", "large.test", "127.0.0.9"},
		{"underscores", "", "_mail_relay.test", "127.0.0.4"},
		{"an internationalized name", "", "BÜCHER.test", "127.0.0.5"},
		{"and one of RFC 5891's differences to its predecessor", "", "straße。рф", "127.0.0.6"},
		{"AAAA fails, A answers", "", "servfail-aaaa.test", "127.0.0.7"},
		{"A is refused, AAAA answers", "", "refused-a.test", "::1"},
		{"AAAA is said not to exist, A answers", "", "nxdomain-for-aaaa.test", "127.0.0.10"},
		{"AAAA is garbage, A answers", "", "garbage-for-aaaa.test", "127.0.0.11"},
		{"AAAA is never answered, A is", "", "silent-aaaa.test", "127.0.0.8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, w := range ways(config{Network: tt.version, Timeout: 500 * time.Millisecond}, srv.Addr()) {
				got, err := w.Resolve(t.Context(), tt.host)
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
		"silent.test":            dnstest.Silence(),
		"v4.test":                dnstest.Records("A 127.0.0.1"),
		"nodata-servfail.test":   byType(dnstest.NoData(), dnstest.ServFail()),
		"servfail-nodata.test":   byType(dnstest.ServFail(), dnstest.NoData()),
		"nxdomain-silence.test":  byType(dnstest.NXDomain(), dnstest.Silence()),
		"servfail-silence.test":  byType(dnstest.ServFail(), dnstest.Silence()),
		"alias-to-nothing.test":  dnstest.Records("CNAME gone.test."),
		"large-and-refused.test": dnstest.Truncated(dnstest.Refused()),
		"mapped.test":            dnstest.Records("AAAA ::ffff:127.0.0.1"),
	})
	for _, tt := range []struct{ name, version, host, want string }{
		{"no such name", "", "gone.test", "dns_not_found/not_found@dns"},
		{"no addresses", "", "nodata.test", "dns_not_found/not_found@dns"},
		{"an alias that leads nowhere", "", "alias-to-nothing.test", "dns_not_found/not_found@dns"},
		{"none of the family", "ip6", "v4.test", "dns_not_found/not_found@dns"},
		{"an IPv4 address where an IPv6 one belongs", "", "mapped.test", "dns_not_found/not_found@dns"},
		{"SERVFAIL", "", "servfail.test", "dns_error/server_failure@dns"},
		{"REFUSED", "", "refused.test", "dns_error/server_failure@dns"},
		{"REFUSED over TCP", "", "large-and-refused.test", "dns_error/server_failure@dns"},
		{"garbage", "", "garbage.test", "dns_error/server_failure@dns"},
		{"silence", "", "silent.test", "dns_timeout@dns"},
		{"no A, and AAAA fails", "", "nodata-servfail.test", "dns_error/server_failure@dns"},
		{"A fails, and no AAAA", "", "servfail-nodata.test", "dns_error/server_failure@dns"},
		{"no A, and AAAA is silent", "", "nxdomain-silence.test", "dns_timeout@dns"},
		{"A fails, and AAAA is silent", "", "servfail-silence.test", "dns_timeout@dns"},
		{"a mistyped address", "", "192.0.2.300", "config_error/invalid_address@dns"},
		{"an empty name", "", "", "config_error/invalid_address@dns"},
		{"an empty label", "", "relay..test", "config_error/invalid_address@dns"},
		{"a label that is too long", "", strings.Repeat("a", 64) + ".test", "config_error/invalid_address@dns"},
		{"a name that is too long", "", strings.Repeat("a.", 127) + "test", "config_error/invalid_address@dns"},
		{"a line break", "", "relay.test\r\nQUIT", "config_error/invalid_address@dns"},
		{"no valid internationalized name", "", "ü\u200d.test", "config_error/invalid_address@dns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, w := range ways(config{Network: tt.version, Timeout: 500 * time.Millisecond}, srv.Addr()) {
				_, err := w.Resolve(t.Context(), tt.host)
				require.Equal(t, tt.want, said(t, err), "%s: %v", name, err)
			}
		})
	}
}

func TestLookup_Literal(t *testing.T) {
	t.Parallel()
	c := config{DNSServer: closed.String()}
	for text, want := range map[string]string{
		"127.0.0.1":        "127.0.0.1",
		"::1":              "::1",
		"fe80::1%eth0":     "fe80::1%eth0",
		"::ffff:127.0.0.1": "127.0.0.1",
	} {
		got, err := c.Resolve(t.Context(), text)
		require.NoError(t, err, text)
		require.Equal(t, addrs(want), got)
	}
	c.Network = "ip6"
	_, err := c.Resolve(t.Context(), "127.0.0.1")
	require.Equal(t, "dns_not_found/not_found@dns", said(t, err))
}

func TestNameServer_Alone(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{"localhost": dnstest.Records("A 127.0.0.99")})
	c := config{DNSServer: srv.Addr(), Network: "ip4"}
	got, err := c.Resolve(t.Context(), "localhost")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.99"), got, "the hosts file says otherwise")
	_, err = c.Resolve(t.Context(), "gone")
	require.Equal(t, "dns_not_found/not_found@dns", said(t, err))
	require.Equal(t, []string{"localhost. A", "gone. A"}, srv.Queries())
}

func TestNameServer_LostDatagram(t *testing.T) {
	t.Parallel()
	srv := dnstest.Start(t, dnstest.Zone{"relay.test": dnstest.Seq(dnstest.Silence(), dnstest.Records("A 127.0.0.1"))})
	c := config{DNSServer: srv.Addr(), Network: "ip4"}
	got, err := c.Resolve(t.Context(), "relay.test")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.1"), got)
	require.Len(t, srv.Queries(), 2)
}

// A server, or somebody who answers in its place, that floods the socket ends
// the lookup, long before its time is up.
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
			answer := buf[:n]
			answer[0] ^= 1 // of another question
			answer[2] |= 0x80
			go func() {
				for ctx.Err() == nil {
					if _, err := server.WriteTo(answer, from); err != nil {
						return
					}
				}
			}()
		}
	}()
	for name, w := range ways(config{Network: "ip4"}, server.LocalAddr().String()) {
		_, err = w.Resolve(ctx, "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", said(t, err), name)
		require.NoError(t, ctx.Err())
	}
}

func TestLookup_NoServer(t *testing.T) {
	t.Parallel()
	for name, w := range ways(config{Timeout: time.Minute}, closed.String()) {
		_, err := w.Resolve(t.Context(), "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", said(t, err), name)
		_, err = w.MX(t.Context(), "relay.test")
		require.Equal(t, "dns_error/server_failure@dns", said(t, err), name)
	}
}

func TestSystem_CannotAsk(t *testing.T) {
	t.Parallel()
	w := config{resolver: dial.System{Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, os.NewSyscallError("socket", syscall.EMFILE)
	}}}
	_, err := w.Resolve(t.Context(), "relay.test.")
	require.Equal(t, "local_error/too_many_open_files@dns", said(t, err))
	_, err = w.MX(t.Context(), "relay.test.")
	require.Equal(t, "local_error/too_many_open_files@dns", said(t, err))
}

func TestSystem_HostsFile(t *testing.T) {
	t.Parallel()
	got, err := config{Network: "ip4"}.Resolve(t.Context(), "localhost")
	require.NoError(t, err)
	require.Equal(t, addrs("127.0.0.1"), got)
}

// Not parallel: it looks at all goroutines of the process.
func TestLookup_ContextEnds(t *testing.T) {
	srv := dnstest.Start(t, dnstest.Zone{"silent.test": dnstest.Silence()})
	for name, w := range ways(config{Timeout: time.Minute}, srv.Addr()) {
		for end, want := range map[string]string{"cancel": "canceled@dns", "deadline": "dns_timeout@dns"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if end == "deadline" {
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			} else {
				time.AfterFunc(100*time.Millisecond, cancel)
			}
			_, err := w.Resolve(ctx, "silent.test")
			require.Equal(t, want, said(t, err), name)
			_, err = w.MX(ctx, "silent.test")
			require.Equal(t, want, said(t, err), name)
			cancel()
		}
	}
	require.Eventually(t, func() bool {
		var stacks strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err != nil {
			return false
		}
		return !strings.Contains(stacks.String(), "RoundTrip") && !strings.Contains(stacks.String(), "nameserver.go")
	}, 3*time.Second, 10*time.Millisecond, "a lookup goes on that nobody waits for")
}

func BenchmarkResolveAddress(b *testing.B) {
	c, ctx := config{Timeout: time.Second}, b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Resolve(ctx, "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
