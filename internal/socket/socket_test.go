package socket_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/socket"
)

// pair are the two ends of a TCP connection.
func pair(tb testing.TB) (here, there *net.TCPConn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(tb, err)
	tb.Cleanup(func() { dialed.Close() })
	accepted, err := l.Accept()
	require.NoError(tb, err)
	tb.Cleanup(func() { accepted.Close() })
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn)
}

func TestRead(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	text := strings.Repeat("220 relay.example\r\n", 10_000)
	go func() {
		_, err := io.WriteString(there, text)
		if err == nil {
			err = there.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}()
	read, err := io.ReadAll(socket.New(here))
	require.NoError(t, err)
	require.Equal(t, text, string(read))
}

func TestRead_Errors(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(here, there *net.TCPConn) error{
		"the peer closes":  func(_, there *net.TCPConn) error { return there.Close() },
		"we have closed":   func(here, _ *net.TCPConn) error { return here.Close() },
		"the time is over": func(here, _ *net.TCPConn) error { return here.SetReadDeadline(time.Unix(1, 0)) },
		"the peer resets": func(_, there *net.TCPConn) error {
			return errors.Join(there.SetLinger(0), there.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here, there := pair(t)
			require.NoError(t, spoil(here, there))
			_, expected := here.Read(make([]byte, 1))

			here, there = pair(t)
			c := socket.New(here)
			require.NoError(t, spoil(here, there))
			_, err := c.Read(make([]byte, 1))
			require.Equal(t, shape(expected), shape(err))
			for _, cause := range []error{io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET} {
				require.Equal(t, errors.Is(expected, cause), errors.Is(err, cause), "%v: %v", cause, err)
			}
		})
	}
}

// shape is an error without the addresses in it.
func shape(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err.Error()
	}
	return op.Op + " " + op.Net + " " + op.Source.Network() + " " + op.Addr.Network() + " " + op.Err.Error()
}

func TestRead_Deadline(t *testing.T) {
	t.Parallel()
	here, _ := pair(t)
	c := socket.New(here)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Time{}))
}

func TestNew_NotASocket(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	go func() {
		if _, err := io.WriteString(there, "220\r\n"); err != nil {
			t.Error(err)
		}
	}()
	c := socket.New(here)
	require.False(t, c.Pending())
	read := make([]byte, 5)
	_, err := io.ReadFull(c, read)
	require.NoError(t, err)
	require.Equal(t, "220\r\n", string(read))
	require.Zero(t, c.Arrived())
}

func BenchmarkRead(b *testing.B) {
	here, there := pair(b)
	for name, conn := range map[string]net.Conn{"net": here, "socket": socket.New(here)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			one := make([]byte, 1)
			for b.Loop() {
				if _, err := there.Write(one); err != nil {
					b.Fatal(err)
				}
				if _, err := conn.Read(one); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
