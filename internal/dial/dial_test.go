package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestAttempts_InOrder(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.9.3", func(net.Conn) {})
	conn, err := config{}.Dial(t.Context(), addrs("127.0.9.1", "127.0.9.2", "127.0.9.3", "127.0.9.4"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.Equal(t, relay.String(), conn.RemoteAddr().String())
}

func TestAttempts_FirstErrorCounts(t *testing.T) {
	t.Parallel()
	port := closed.Port()
	_, err := config{}.Dial(t.Context(), addrs("127.0.0.1", "127.0.0.2", "127.0.0.3"), port)
	require.Equal(t, "connect_error/refused@connect", said(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.ErrorContains(t, e.Cause, "127.0.0.1:")
	require.Len(t, e.Secondary, 2)
	require.Equal(t, "connect_error/refused@connect", said(t, e.Secondary[1]))
	require.ErrorContains(t, errors.Unwrap(e.Secondary[1]), "127.0.0.3:")
}

func TestDirect_Source(t *testing.T) {
	t.Parallel()
	from := make(chan string, 1)
	relay := serve(t, "127.0.0.1", func(conn net.Conn) { from <- conn.RemoteAddr().String() })
	c := config{Source: netip.MustParseAddr("127.0.0.77")}
	conn, err := c.Dial(t.Context(), addrs("::1", "127.0.0.1"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.True(t, strings.HasPrefix(<-from, "127.0.0.77:"))
}

func TestDirect_SourceMissing(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	for source, addr := range map[string]string{
		"192.0.2.1": "127.0.0.1", // not this machine's
		"::1":       "127.0.0.1",
		"127.0.0.1": "::1",
	} {
		c := config{Source: netip.MustParseAddr(source)}
		_, err := c.Dial(t.Context(), addrs(addr), relay.Port())
		require.Equal(t, "local_error/no_source_address@connect", said(t, err), source)
		require.ErrorContains(t, errors.Unwrap(err), source)
	}
}

func TestAttempts_NoAddress(t *testing.T) {
	t.Parallel()
	_, err := config{}.Dial(t.Context(), nil, 25)
	require.Equal(t, "dns_not_found/not_found@connect", said(t, err))
}

func TestAttempts_Canceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := config{}.Dial(ctx, addrs("127.0.0.1", "127.0.0.2"), 25)
	require.Equal(t, "canceled@connect", said(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.Empty(t, e.Secondary)
}

func TestAttempts_NoTimeLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err := config{}.Dial(ctx, addrs("127.0.0.1", "127.0.0.2"), 25)
	require.Equal(t, "connect_timeout@connect", said(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.Empty(t, e.Secondary)
}

func TestUnix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "lmtp")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	serveOn(t, l, func(net.Conn) {})
	c := config{Source: netip.MustParseAddr("127.0.0.1"), Timeout: time.Minute}
	conn, err := c.DialUnix(t.Context(), path)
	require.NoError(t, err)
	conn.Close()

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "connect_error/not_found@connect",
		file:                          "connect_error/refused@connect",
		filepath.Join(dir, strings.Repeat("much/too/long", 9)): "config_error/invalid_address@connect",
	} {
		_, err := c.DialUnix(t.Context(), path)
		require.Equal(t, want, said(t, err), "%s: %v", path, err)
	}
}

func TestAttempts_NoRoute(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	// A link-local address without its zone cannot be dialed.
	conn, err := config{Timeout: time.Second}.Dial(t.Context(), addrs("fe80::1", "127.0.0.1"), relay.Port())
	require.NoError(t, err)
	conn.Close()
}

func TestDirect_PlainSocket(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	conn, err := config{}.Dial(t.Context(), addrs("127.0.0.1"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.Implements(t, (*syscall.Conn)(nil), conn)
}

func BenchmarkDial(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				b.Error("the client is to reset the connection")
			}
			conn.Close()
		}
	}()
	relay := netip.MustParseAddrPort(l.Addr().String())
	dials := map[string]func(context.Context) (net.Conn, error){
		"route": func(ctx context.Context) (net.Conn, error) {
			return config{}.Dial(ctx, []netip.Addr{relay.Addr()}, relay.Port())
		},
		"net": func(ctx context.Context) (net.Conn, error) {
			d := net.Dialer{KeepAlive: -1}
			return d.DialContext(ctx, "tcp", relay.String())
		},
	}
	for name, dial := range dials {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				conn, err := dial(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				// A connection that is merely closed keeps its port for a
				// minute: there are not enough of them.
				if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
					b.Fatal(err)
				}
				conn.Close()
			}
		})
	}
}

// waiting is a Dialer whose attempts use up their time.
type waiting struct{ attempts []time.Duration }

func (w *waiting) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	began := time.Now()
	<-ctx.Done()
	w.attempts = append(w.attempts, time.Since(began))
	return nil, ctx.Err()
}

func TestAttempts_ShareTheTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		time, each      time.Duration
		addresses       int
		first, attempts int
	}{
		{name: "an equal share", time: 4 * time.Second, addresses: 2, first: 2000, attempts: 2},
		{name: "a second at least", time: 2500 * time.Millisecond, addresses: 60, first: 1000, attempts: 3},
		{name: "all that is left", time: 300 * time.Millisecond, addresses: 5, first: 300, attempts: 1},
		{name: "the time of one attempt", time: 4 * time.Second, each: 100 * time.Millisecond, addresses: 2, first: 100, attempts: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.time)
				defer cancel()
				w := &waiting{}
				_, err := dial.Attempts{Dialer: w, Timeout: tt.each}.Dial(ctx, make([]netip.Addr, tt.addresses), 25)
				require.Equal(t, "connect_timeout@connect", said(t, err))
				require.Len(t, w.attempts, tt.attempts)
				require.EqualValues(t, tt.first, w.attempts[0].Milliseconds())
			})
		})
	}
}
