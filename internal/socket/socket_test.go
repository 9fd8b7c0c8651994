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

// connect returns the two ends of a TCP connection.
func connect(tb testing.TB) (client, server *net.TCPConn) {
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
	client, server := connect(t)
	text := strings.Repeat("220 relay.example\r\n", 10_000)
	go func() {
		_, err := io.WriteString(server, text)
		if err == nil {
			err = server.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}()
	read, err := io.ReadAll(socket.New(client))
	require.NoError(t, err)
	require.Equal(t, text, string(read))
}

func TestRead_Errors(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(client, server *net.TCPConn) error{
		"closed by the peer": func(_, server *net.TCPConn) error { return server.Close() },
		"closed":             func(client, _ *net.TCPConn) error { return client.Close() },
		"deadline passed":    func(client, _ *net.TCPConn) error { return client.SetReadDeadline(time.Unix(1, 0)) },
		"reset by the peer": func(_, server *net.TCPConn) error {
			return errors.Join(server.SetLinger(0), server.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, server := connect(t)
			require.NoError(t, breakIt(client, server))
			_, expected := client.Read(make([]byte, 1))

			client, server = connect(t)
			c := socket.New(client)
			require.NoError(t, breakIt(client, server))
			_, err := c.Read(make([]byte, 1))
			require.Equal(t, withoutAddresses(expected), withoutAddresses(err))
			for _, cause := range []error{io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET} {
				require.Equal(t, errors.Is(expected, cause), errors.Is(err, cause), "%v: %v", cause, err)
			}
		})
	}
}

// withoutAddresses returns the text of an error without addresses.
func withoutAddresses(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return err.Error()
	}
	return op.Op + " " + op.Net + " " + op.Source.Network() + " " + op.Addr.Network() + " " + op.Err.Error()
}

func TestRead_Deadline(t *testing.T) {
	t.Parallel()
	client, _ := connect(t)
	c := socket.New(client)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := c.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Time{}))
}

func TestNew_NotASocket(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	go func() {
		if _, err := io.WriteString(server, "220\r\n"); err != nil {
			t.Error(err)
		}
	}()
	c := socket.New(client)
	require.False(t, c.Pending())
	read := make([]byte, 5)
	_, err := io.ReadFull(c, read)
	require.NoError(t, err)
	require.Equal(t, "220\r\n", string(read))
	require.Zero(t, c.Arrived())
}

func BenchmarkRead(b *testing.B) {
	client, server := connect(b)
	for name, conn := range map[string]net.Conn{"net": client, "socket": socket.New(client)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			one := make([]byte, 1)
			for b.Loop() {
				if _, err := server.Write(one); err != nil {
					b.Fatal(err)
				}
				if _, err := conn.Read(one); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
