package socket_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// delay is the time between the arrival of data and the read.
const delay = 50 * time.Millisecond

func TestArrived_LateRead(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := socket.New(client)
	enableTimestamps(t, client, c, server)

	before := time.Now()
	_, err := io.WriteString(server, "250 ok\r\n")
	require.NoError(t, err)
	waitForData(t, c)
	arrived := time.Now()
	time.Sleep(delay)
	_, err = c.Read(make([]byte, 100))
	require.NoError(t, err)
	require.WithinRange(t, c.Arrived(), before.Add(-time.Millisecond), arrived)
}

func TestArrived_LastBytes(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := socket.New(client)
	enableTimestamps(t, client, c, server)

	_, err := io.WriteString(server, "250-one\r\n")
	require.NoError(t, err)
	waitForData(t, c)
	time.Sleep(delay)
	between := time.Now()
	_, err = io.WriteString(server, "250 two\r\n")
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 18))
	require.NoError(t, err)
	require.WithinRange(t, c.Arrived(), between.Add(-time.Millisecond), time.Now())
}

// enableTimestamps waits until the kernel has enabled timestamps, and skips the
// test if it has none.
func enableTimestamps(t *testing.T, client *net.TCPConn, c *socket.Conn, server io.Writer) {
	t.Helper()
	raw, err := client.SyscallConn()
	require.NoError(t, err)
	var refused error
	require.NoError(t, raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1)
	}))
	if refused != nil {
		t.Skipf("no kernel timestamps: %v", refused)
	}
	require.Eventually(t, func() bool {
		_, err := server.Write([]byte{0})
		if err == nil {
			_, err = c.Read(make([]byte, 1))
		}
		return err == nil && !c.Arrived().IsZero()
	}, 5*time.Second, time.Millisecond)
}
