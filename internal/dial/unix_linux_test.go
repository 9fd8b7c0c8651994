package dial_test

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestUnix_KernelQueue connects to a socket whose queue the kernel reports as full.
func TestUnix_KernelQueue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lmtp")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	require.NoError(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	require.NoError(t, unix.Listen(fd, 0))
	for err == nil {
		var conn net.Conn
		if conn, err = new(net.Dialer).DialContext(t.Context(), "unix", path); err == nil {
			t.Cleanup(func() { conn.Close() })
		}
	}
	require.ErrorIs(t, err, unix.EAGAIN)

	accepted := make(chan error, 1)
	go func() {
		conn, _, err := unix.Accept(fd)
		if err == nil {
			err = unix.Close(conn)
		}
		accepted <- err
	}()
	conn, err := client{Timeout: time.Minute}.DialUnix(t.Context(), path)
	require.NoError(t, err)
	conn.Close()
	require.NoError(t, <-accepted)
}
