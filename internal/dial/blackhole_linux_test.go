package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// full is a listener that never accepts and whose queue is full: on TCP, the
// kernel drops what else asks for a connection.
func full(t *testing.T, domain int, at unix.Sockaddr) (fd int) {
	t.Helper()
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	require.NoError(t, unix.Bind(fd, at))
	require.NoError(t, unix.Listen(fd, 0))
	return fd
}

// fill connects until nobody else can.
func fill(t *testing.T, network, address string) {
	t.Helper()
	for {
		d := net.Dialer{Timeout: 200 * time.Millisecond}
		conn, err := d.DialContext(t.Context(), network, address)
		if err != nil {
			return
		}
		t.Cleanup(func() { conn.Close() })
	}
}

func blackhole(t *testing.T) netip.AddrPort {
	t.Helper()
	fd := full(t, unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	bound, err := unix.Getsockname(fd)
	require.NoError(t, err)
	in4, ok := bound.(*unix.SockaddrInet4)
	require.True(t, ok)
	hole := netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(in4.Port))
	fill(t, "tcp", hole.String())
	return hole
}

func TestAttempts_SilentAddress(t *testing.T) {
	t.Parallel()
	hole := blackhole(t)
	c := config{Timeout: 100 * time.Millisecond}
	_, err := c.Dial(t.Context(), []netip.Addr{hole.Addr(), netip.MustParseAddr("127.0.0.2")}, hole.Port())
	require.Equal(t, "connect_timeout@connect", said(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.Len(t, e.Secondary, 1)
	require.Equal(t, "connect_error/refused@connect", said(t, e.Secondary[0]))

	l, err := net.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), hole.Port()).String())
	require.NoError(t, err)
	serveOn(t, l, func(net.Conn) {})
	conn, err := c.Dial(t.Context(), []netip.Addr{hole.Addr(), netip.MustParseAddr("127.0.0.2")}, hole.Port())
	require.NoError(t, err)
	conn.Close()
}

func TestAttempts_ContextEnds(t *testing.T) {
	t.Parallel()
	hole := blackhole(t)
	c := config{Timeout: time.Minute}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := c.Dial(ctx, []netip.Addr{hole.Addr(), netip.MustParseAddr("127.0.0.2")}, hole.Port())
	require.Equal(t, "connect_timeout@connect", said(t, err))
	e, _ := errors.AsType[*smtperr.Error](err)
	require.Empty(t, e.Secondary)

	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err = c.Dial(ctx, []netip.Addr{hole.Addr()}, hole.Port())
	require.Equal(t, "canceled@connect", said(t, err))
}

func TestUnix_Busy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lmtp")
	fd := full(t, unix.AF_UNIX, &unix.SockaddrUnix{Name: path})
	fill(t, "unix", path)

	_, err := config{Timeout: 100 * time.Millisecond}.DialUnix(t.Context(), path)
	require.Equal(t, "connect_timeout@connect", said(t, err))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = config{}.DialUnix(ctx, path)
	require.Equal(t, "canceled@connect", said(t, err))

	accepted := make(chan int, 1)
	time.AfterFunc(50*time.Millisecond, func() {
		one, _, err := unix.Accept(fd)
		if err == nil {
			accepted <- one
		}
	})
	conn, err := config{Timeout: time.Minute}.DialUnix(t.Context(), path)
	require.NoError(t, err)
	conn.Close()
	unix.Close(<-accepted)
}
