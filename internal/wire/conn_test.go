package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// connect returns the two ends of a TCP connection.
func connect(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// soon is a deadline that does not pass.
func soon() time.Time { return time.Now().Add(10 * time.Second) }

func TestConn_Sync(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := New(t.Context(), client, nil)
	require.False(t, c.InSync(), "the greeting is outstanding")
	_, err := io.WriteString(server, "220 hi\r\n250 more\r\n")
	require.NoError(t, err)
	reply, err := c.Greeting(soon())
	require.NoError(t, err)
	require.Equal(t, 220, reply.Code)
	require.True(t, c.InSync())
	require.True(t, c.HasUnread())
	reply, err = c.ReadUnsolicited()
	require.NoError(t, err)
	require.Equal(t, 250, reply.Code)
	require.False(t, c.InSync(), "the reply was unsolicited")
	c.Resync()
	require.NoError(t, c.Send("NOOP", soon()))
	require.False(t, c.InSync(), "a reply is outstanding")
	require.False(t, c.HasUnread())
}

// A TLS alert has no line end that Greeting could wait for.
func TestConn_AlertAsGreeting(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := New(t.Context(), client, nil)
	_, err := io.WriteString(server, "\x15\x03\x01\x00\x02\x02\x46")
	require.NoError(t, err)
	start := time.Now()
	_, err = c.Greeting(soon())
	require.ErrorContains(t, err, "TLS")
	require.Less(t, time.Since(start), 5*time.Second)
}

func TestConn_ContextCanceled(t *testing.T) {
	t.Parallel()
	client, _ := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := New(ctx, client, nil)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := c.Reply(soon())
	require.Error(t, err)
	require.ErrorIs(t, c.Send("NOOP", soon()), context.Canceled)
	_, err = c.Reply(soon())
	require.ErrorIs(t, err, context.Canceled)
}

// slowDeadline is a connection whose SetDeadline blocks until it is released.
type slowDeadline struct {
	net.Conn
	entered, release chan struct{}
}

func (s *slowDeadline) SetDeadline(time.Time) error {
	close(s.entered)
	<-s.release
	return nil
}

func TestConn_CloseWaitsForInterruption(t *testing.T) {
	t.Parallel()
	client, _ := connect(t)
	slow := &slowDeadline{client, make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	c := New(ctx, slow, nil)
	cancel()
	<-slow.entered
	closed := make(chan struct{})
	go func() { c.Close(); close(closed) }()
	select {
	case <-closed:
		require.Fail(t, "Close returned before the interruption")
	case <-time.After(20 * time.Millisecond):
	}
	close(slow.release)
	<-closed
}

// The peer does not read the close_notify of TLS.
func TestConn_CloseDoesNotWaitForPeer(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe() // unbuffered
	ca := certs.NewAuthority("test")
	secured := tls.Server(server, certs.Server(ca.Issue(certs.For("relay.test"))))
	handshake := make(chan error, 1)
	go func() { handshake <- secured.HandshakeContext(context.Background()) }()
	c := New(t.Context(), client, nil)
	_, err := c.StartTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "relay.test", MaxVersion: tls.VersionTLS12}, soon())
	require.NoError(t, err)
	require.NoError(t, <-handshake)
	start := time.Now()
	c.Close()
	require.Less(t, time.Since(start), 2*time.Second)
}

func TestConn_ArrivedBeforeDeadline(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := New(t.Context(), client, nil)
	// The kernel enables timestamps with the first read.
	_, err := io.WriteString(server, "220 hi\r\n")
	require.NoError(t, err)
	_, err = c.Reply(soon())
	require.NoError(t, err)
	if c.Arrived().IsZero() {
		t.Skip("no kernel timestamps")
	}
	_, err = io.WriteString(server, "250 ok\r\n")
	require.NoError(t, err)
	require.Eventually(t, c.HasUnread, 5*time.Second, time.Millisecond)
	time.Sleep(20 * time.Millisecond) // the deadline passes before the read
	reply, err := c.Reply(time.Now().Add(-10 * time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, 250, reply.Code)

	_, err = io.WriteString(server, "250 too late\r\n")
	require.NoError(t, err)
	require.Eventually(t, c.HasUnread, 5*time.Second, time.Millisecond)
	_, err = c.Reply(time.Now().Add(-time.Hour))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestStallDetector(t *testing.T) {
	t.Parallel()
	now := time.Now()
	second := time.Second
	for _, tt := range []struct {
		name              string
		lastRan, expected time.Time
		deadline          time.Time
		stalled           bool
	}{
		{name: "no delay", lastRan: now.Add(-5 * second), expected: now, deadline: now},
		{name: "deadline noticed late", lastRan: now.Add(-5 * second), expected: now.Add(-3 * second), deadline: now.Add(-3 * second), stalled: true},
		{name: "reply noticed late, another deadline meanwhile", lastRan: now.Add(-5 * second), expected: now.Add(-3 * second), deadline: now.Add(-1 * second), stalled: true},
		{name: "deadline before the stall", lastRan: now.Add(-5 * second), expected: now.Add(-3 * second), deadline: now.Add(-4 * second)},
		{name: "deadline long before the wait", lastRan: now.Add(-time.Millisecond), expected: now.Add(-3 * second), deadline: now.Add(-3 * second)},
		{name: "delay within the tolerance", lastRan: now.Add(-5 * second), expected: now.Add(-100 * time.Millisecond), deadline: now.Add(-100 * time.Millisecond)},
		{name: "unknown end of the wait", lastRan: now.Add(-5 * second), deadline: now.Add(-3 * second)},
	} {
		s := stallDetector{lastRan: tt.lastRan}
		s.afterWait(tt.expected)
		require.Equal(t, tt.stalled, s.cover(tt.deadline), tt.name)
	}
}

func TestStallDetector_Computing(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := stallDetector{lastRan: now.Add(-5 * time.Second)}
	s.beforeWait()
	require.True(t, s.cover(now.Add(-time.Second)))
}

func TestConn_Unacknowledged(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := New(t.Context(), client, nil)
	require.NoError(t, c.Send("NOOP", soon()))
	_, err := server.Read(make([]byte, 10))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !c.Unacknowledged() }, 5*time.Second, time.Millisecond)
	require.False(t, New(t.Context(), struct{ net.Conn }{client}, nil).Unacknowledged(), "not a socket")
}

func TestProtocolError(t *testing.T) {
	t.Parallel()
	client, server := connect(t)
	c := New(t.Context(), client, nil)
	_, err := io.WriteString(server, "what\r\n")
	require.NoError(t, err)
	_, err = c.Reply(soon())
	_, ok := errors.AsType[*ProtocolError](err)
	require.True(t, ok)
	require.False(t, c.InSync())
}
