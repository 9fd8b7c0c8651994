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
	client, server := connect(t)
	c := socket.New(client)
	require.False(t, c.Pending())
	_, err := io.WriteString(server, "421")
	require.NoError(t, err)
	waitForData(t, c)
	require.True(t, c.Pending())

	read := make([]byte, 3)
	_, err = io.ReadFull(c, read)
	require.NoError(t, err)
	require.Equal(t, "421", string(read))
	require.False(t, c.Pending())
}

func TestPending_Closed(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	require.NoError(t, server.Close())
	_, err := client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	c := socket.New(client)
	require.False(t, c.Pending())
	require.NoError(t, client.Close())
	require.False(t, c.Pending())
}

func TestPending_UnixSocket(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer l.Close()
	client, err := net.Dial("unix", l.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := l.Accept()
	require.NoError(t, err)
	defer server.Close()

	c := socket.New(client)
	require.False(t, c.Pending())
	_, err = io.WriteString(server, "421")
	require.NoError(t, err)
	require.True(t, c.Pending())
	_, err = c.Read(make([]byte, 3))
	require.NoError(t, err)
	require.Zero(t, c.Arrived())
}

// waitForData waits until unread data has arrived.
func waitForData(t *testing.T, c *socket.Conn) {
	t.Helper()
	require.Eventually(t, c.Pending, 5*time.Second, time.Millisecond)
}
