package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestAttempts_Order(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.9.3", func(net.Conn) {})
	conn, err := client{}.Dial(t.Context(), addrs("127.0.9.1", "127.0.9.2", "127.0.9.3", "127.0.9.4"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.Equal(t, relay.String(), conn.RemoteAddr().String())
}

func TestAttempts_FirstError(t *testing.T) {
	t.Parallel()
	_, err := client{}.Dial(t.Context(), addrs("127.0.0.1", "127.0.0.2", "127.0.0.3"), closed.Port())
	require.Equal(t, "connect_error/refused@connect", outcome(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.ErrorContains(t, e.Cause, "127.0.0.1:")
	require.Equal(t, []string{"connect_error/refused@connect", "connect_error/refused@connect"}, secondary(t, err))
	require.ErrorContains(t, errors.Unwrap(e.Secondary[1]), "127.0.0.3:")
}

func TestAttempts_NoAddress(t *testing.T) {
	t.Parallel()
	_, err := client{}.Dial(t.Context(), nil, 25)
	require.Equal(t, "dns_not_found/not_found@connect", outcome(t, err))
}

func TestAttempts_NoRoute(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	// A link-local address needs a zone.
	conn, err := client{}.Dial(t.Context(), addrs("fe80::1", "127.0.0.1"), relay.Port())
	require.NoError(t, err)
	conn.Close()
}

func TestAttempts_Canceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client{}.Dial(ctx, addrs("127.0.0.1", "127.0.0.2"), 25)
	require.Equal(t, "canceled@connect", outcome(t, err))
	require.Empty(t, secondary(t, err))
}

func TestAttempts_DeadlineExceeded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err := client{}.Dial(ctx, addrs("127.0.0.1", "127.0.0.2"), 25)
	require.Equal(t, "connect_timeout@connect", outcome(t, err))
	require.Empty(t, secondary(t, err))
}

func TestAttempts_Timeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		timeout   time.Duration // of an attempt
		deadline  time.Duration
		canceled  time.Duration
		dialer    fakeDialer // for 192.0.2.1, 192.0.2.2 and so on
		want      string     // empty: a connection
		secondary []string
	}{
		{name: "silent, then refused", timeout: time.Second, dialer: fakeDialer{"192.0.2.1": timesOut, "192.0.2.2": refuses},
			want: "connect_timeout@connect", secondary: []string{"connect_error/refused@connect"}},
		{name: "silent, then connected", timeout: time.Second, dialer: fakeDialer{"192.0.2.1": timesOut, "192.0.2.2": connects}},
		{name: "silent, then connected, before the deadline", deadline: time.Second, dialer: fakeDialer{"192.0.2.1": timesOut, "192.0.2.2": connects},
			want: "connect_timeout@connect"}, // less than a second for each
		{name: "deadline in the first attempt", timeout: time.Minute, deadline: time.Second, dialer: fakeDialer{"192.0.2.1": timesOut, "192.0.2.2": connects},
			want: "connect_timeout@connect"},
		{name: "canceled in the first attempt", timeout: time.Minute, canceled: time.Second, dialer: fakeDialer{"192.0.2.1": timesOut, "192.0.2.2": connects},
			want: "canceled@connect"},
		{name: "stalled", timeout: time.Second, dialer: fakeDialer{"192.0.2.1": stalls}, want: "local_error/prober_stalled@connect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.deadline > 0 {
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, tt.deadline)
					defer stop()
				}
				if tt.canceled > 0 {
					time.AfterFunc(tt.canceled, cancel)
				}
				c := client{Dialer: tt.dialer, Timeout: tt.timeout}
				conn, err := c.Dial(ctx, addrs("192.0.2.1", "192.0.2.2")[:len(tt.dialer)], 25)
				if tt.want == "" {
					require.NoError(t, err)
					conn.Close()
					return
				}
				require.Equal(t, tt.want, outcome(t, err))
				require.Equal(t, tt.secondary, secondary(t, err))
			})
		})
	}
}

func TestAttempts_Share(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		deadline  time.Duration
		timeout   time.Duration
		addresses int
		first     time.Duration
		attempts  int
	}{
		{name: "equal share", deadline: 4 * time.Second, addresses: 2, first: 2 * time.Second, attempts: 2},
		{name: "at least a second", deadline: 2500 * time.Millisecond, addresses: 60, first: time.Second, attempts: 3},
		{name: "less than a second left", deadline: 300 * time.Millisecond, addresses: 5, first: 300 * time.Millisecond, attempts: 1},
		{name: "timeout of an attempt", deadline: 4 * time.Second, timeout: 100 * time.Millisecond, addresses: 2, first: 100 * time.Millisecond, attempts: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				var attempts []time.Duration
				dialer := fakeDialer{"192.0.2.1": func(ctx context.Context) (net.Conn, error) {
					start := time.Now()
					<-ctx.Done()
					attempts = append(attempts, time.Since(start))
					return nil, ctx.Err()
				}}
				list := make([]netip.Addr, tt.addresses)
				for i := range list {
					list[i] = netip.MustParseAddr("192.0.2.1")
				}
				_, err := dial.Attempts{Dialer: dialer, Timeout: tt.timeout}.Dial(ctx, list, 25)
				require.Equal(t, "connect_timeout@connect", outcome(t, err))
				require.Len(t, attempts, tt.attempts)
				require.Equal(t, tt.first, attempts[0])
			})
		})
	}
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
				b.Error("the client did not reset the connection")
			}
			conn.Close()
		}
	}()
	relay := netip.MustParseAddrPort(l.Addr().String())
	dials := map[string]func(context.Context) (net.Conn, error){
		"Attempts": func(ctx context.Context) (net.Conn, error) {
			return client{}.Dial(ctx, []netip.Addr{relay.Addr()}, relay.Port())
		},
		"net.Dialer": func(ctx context.Context) (net.Conn, error) {
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
				// Reset the connection: in TIME-WAIT its port would stay in use.
				if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
					b.Fatal(err)
				}
				conn.Close()
			}
		})
	}
}
