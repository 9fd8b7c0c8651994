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
)

func TestDirect_Source(t *testing.T) {
	t.Parallel()
	from := make(chan string, 1)
	relay := serve(t, "127.0.0.1", func(conn net.Conn) { from <- conn.RemoteAddr().String() })
	c := client{Source: netip.MustParseAddr("127.0.0.77")}
	conn, err := c.Dial(t.Context(), addrs("::1", "127.0.0.1"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.True(t, strings.HasPrefix(<-from, "127.0.0.77:"))
}

func TestDirect_InvalidSource(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	for _, tt := range []struct{ name, source, addr string }{
		{name: "not an address of this machine", source: "192.0.2.1", addr: "127.0.0.1"},
		{name: "IPv6 to IPv4", source: "::1", addr: "127.0.0.1"},
		{name: "IPv4 to IPv6", source: "127.0.0.1", addr: "::1"},
	} {
		c := client{Source: netip.MustParseAddr(tt.source)}
		_, err := c.Dial(t.Context(), addrs(tt.addr), relay.Port())
		require.Equal(t, "local_error/no_source_address@connect", outcome(t, err), tt.name)
		require.ErrorContains(t, errors.Unwrap(err), tt.source)
	}
}

func TestDirect_SyscallConn(t *testing.T) {
	t.Parallel()
	relay := serve(t, "127.0.0.1", func(net.Conn) {})
	conn, err := client{}.Dial(t.Context(), addrs("127.0.0.1"), relay.Port())
	require.NoError(t, err)
	defer conn.Close()
	require.Implements(t, (*syscall.Conn)(nil), conn)
}

func TestUnix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "lmtp")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	serveOn(t, l, func(net.Conn) {})
	c := client{Source: netip.MustParseAddr("127.0.0.1"), Timeout: time.Minute}
	conn, err := c.DialUnix(t.Context(), path)
	require.NoError(t, err)
	conn.Close()

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		filepath.Join(dir, "missing"): "connect_error/not_found@connect",
		file:                          "connect_error/refused@connect",
		filepath.Join(dir, strings.Repeat("too/long", 15)): "config_error/invalid_address@connect",
	} {
		_, err := c.DialUnix(t.Context(), path)
		require.Equal(t, want, outcome(t, err), "%s: %v", path, err)
	}
}

// busySocket refuses connections, as a Unix socket with a full queue does, until
// none is left.
type busySocket struct{ left int }

func (s *busySocket) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.left == 0 {
		return connects(ctx)
	}
	s.left--
	return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EAGAIN)}
}

func TestUnix_FullQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, err := client{Dialer: &busySocket{left: 50}, Timeout: time.Second}.DialUnix(t.Context(), "lmtp")
		require.NoError(t, err)
		conn.Close()

		_, err = client{Dialer: &busySocket{left: 500}, Timeout: time.Second}.DialUnix(t.Context(), "lmtp")
		require.Equal(t, "connect_timeout@connect", outcome(t, err))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = client{Dialer: &busySocket{left: 500}}.DialUnix(ctx, "lmtp")
		require.Equal(t, "canceled@connect", outcome(t, err))
	})
}
