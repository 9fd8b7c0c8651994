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

// late is how long the tests leave something unread.
const late = 50 * time.Millisecond

func TestArrived_ReadLate(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	c := socket.New(here)
	stamping(t, here, c, there)

	before := time.Now()
	_, err := io.WriteString(there, "250 ok\r\n")
	require.NoError(t, err)
	await(t, c)
	arrived := time.Now()
	time.Sleep(late) // that is what is tested: somebody who comes late
	_, err = c.Read(make([]byte, 100))
	require.NoError(t, err)
	require.WithinRange(t, c.Arrived(), before.Add(-time.Millisecond), arrived)
}

func TestArrived_LastBytes(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	c := socket.New(here)
	stamping(t, here, c, there)

	_, err := io.WriteString(there, "250-one\r\n")
	require.NoError(t, err)
	await(t, c)
	time.Sleep(late)
	between := time.Now()
	_, err = io.WriteString(there, "250 two\r\n")
	require.NoError(t, err)
	_, err = io.ReadFull(c, make([]byte, 18))
	require.NoError(t, err)
	require.WithinRange(t, c.Arrived(), between.Add(-time.Millisecond), time.Now())
}

// stamping waits until the kernel stamps: it is not always at once. A kernel
// that cannot is none to test with.
func stamping(t *testing.T, here *net.TCPConn, c *socket.Conn, there io.Writer) {
	t.Helper()
	raw, err := here.SyscallConn()
	require.NoError(t, err)
	var refused error
	require.NoError(t, raw.Control(func(fd uintptr) {
		refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1)
	}))
	if refused != nil {
		t.Skipf("this kernel does not stamp what arrives: %v", refused)
	}
	require.Eventually(t, func() bool {
		_, err := there.Write([]byte{0})
		if err == nil {
			_, err = c.Read(make([]byte, 1))
		}
		return err == nil && !c.Arrived().IsZero()
	}, 5*time.Second, time.Millisecond)
}
