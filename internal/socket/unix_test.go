//go:build unix

package socket_test

import (
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

func TestPending(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	c := socket.New(here)
	require.False(t, c.Pending())
	_, err := io.WriteString(there, "421")
	require.NoError(t, err)
	await(t, c)
	require.True(t, c.Pending())

	read := make([]byte, 3)
	_, err = io.ReadFull(c, read)
	require.NoError(t, err)
	require.Equal(t, "421", string(read))
	require.False(t, c.Pending())
}

func TestPending_Closed(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	require.NoError(t, there.Close())
	_, err := here.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	c := socket.New(here)
	require.False(t, c.Pending())
	require.NoError(t, here.Close())
	require.False(t, c.Pending())
}

func TestPending_UnixSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer l.Close()
	here, err := net.Dial("unix", l.Addr().String())
	require.NoError(t, err)
	defer here.Close()
	there, err := l.Accept()
	require.NoError(t, err)
	defer there.Close()

	c := socket.New(here)
	require.False(t, c.Pending())
	_, err = io.WriteString(there, "421")
	require.NoError(t, err)
	require.True(t, c.Pending())
	_, err = c.Read(make([]byte, 3))
	require.NoError(t, err)
	require.Zero(t, c.Arrived())
}

// await waits until something is there to be read.
func await(t *testing.T, c *socket.Conn) {
	t.Helper()
	require.Eventually(t, c.Pending, 5*time.Second, time.Millisecond)
}
