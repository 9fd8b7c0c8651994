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

// dialed is a connection and its peer.
func dialed(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	here, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	there, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { here.Close(); there.Close() })
	return here, there
}

func soon() time.Time { return time.Now().Add(10 * time.Second) }

func TestConn_Sync(t *testing.T) {
	t.Parallel()
	here, there := dialed(t)
	c := New(t.Context(), here, nil)
	require.False(t, c.InSync(), "the greeting is due")
	_, err := io.WriteString(there, "220 hi\r\n250 more\r\n")
	require.NoError(t, err)
	reply, err := c.Greeting(soon())
	require.NoError(t, err)
	require.Equal(t, 220, reply.Code)
	require.True(t, c.InSync())
	require.True(t, c.Unread())
	reply, err = c.Early()
	require.NoError(t, err)
	require.Equal(t, 250, reply.Code)
	require.False(t, c.InSync(), "nobody asked for it")
	c.Resync()
	require.NoError(t, c.Send("NOOP", soon()))
	require.False(t, c.InSync(), "a reply is due")
	require.False(t, c.Unread())
}

// A greeting that is a TLS alert ends at once: its sender waits for an answer,
// so that there is no line end to wait for.
func TestConn_AlertInsteadOfGreeting(t *testing.T) {
	t.Parallel()
	here, there := dialed(t)
	c := New(t.Context(), here, nil)
	_, err := io.WriteString(there, "\x15\x03\x01\x00\x02\x02\x46")
	require.NoError(t, err)
	began := time.Now()
	_, err = c.Greeting(soon())
	require.ErrorContains(t, err, "TLS")
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestConn_ContextCanceled(t *testing.T) {
	t.Parallel()
	here, _ := dialed(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := New(ctx, here, nil)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := c.Reply(soon())
	require.Error(t, err)
	require.ErrorIs(t, c.Send("NOOP", soon()), context.Canceled)
	_, err = c.Reply(soon())
	require.ErrorIs(t, err, context.Canceled)
}

// slowDeadline is a connection whose deadline takes a while to set.
type slowDeadline struct {
	net.Conn
	entered, release chan struct{}
}

func (s *slowDeadline) SetDeadline(time.Time) error {
	close(s.entered)
	<-s.release
	return nil
}

func TestConn_CloseWaitsForTheInterruption(t *testing.T) {
	t.Parallel()
	here, _ := dialed(t)
	slow := &slowDeadline{here, make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	c := New(ctx, slow, nil)
	cancel()
	<-slow.entered
	closed := make(chan struct{})
	go func() { c.Close(); close(closed) }()
	select {
	case <-closed:
		require.Fail(t, "Close left the interruption behind")
	case <-time.After(20 * time.Millisecond):
	}
	close(slow.release)
	<-closed
}

// The close_notify of TLS goes to a peer that reads no more.
func TestConn_CloseDoesNotWaitForThePeer(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe() // buffers nothing
	ca := certs.NewAuthority("test")
	server := tls.Server(there, certs.Server(ca.Issue(certs.For("relay.test"))))
	shaken := make(chan error, 1)
	go func() { shaken <- server.HandshakeContext(context.Background()) }()
	c := New(t.Context(), here, nil)
	_, err := c.StartTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "relay.test", MaxVersion: tls.VersionTLS12}, soon())
	require.NoError(t, err)
	require.NoError(t, <-shaken)
	began := time.Now()
	c.Close()
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestConn_TimeoutCountsWhatHasArrived(t *testing.T) {
	t.Parallel()
	here, there := dialed(t)
	c := New(t.Context(), here, nil)
	// The kernel begins to stamp with the first read.
	_, err := io.WriteString(there, "220 hi\r\n")
	require.NoError(t, err)
	_, err = c.Reply(soon())
	require.NoError(t, err)
	if c.Arrived().IsZero() {
		t.Skip("nothing is stamped here")
	}
	_, err = io.WriteString(there, "250 ok\r\n")
	require.NoError(t, err)
	require.Eventually(t, c.Unread, 5*time.Second, time.Millisecond)
	time.Sleep(20 * time.Millisecond) // the deadline passes while nobody reads
	reply, err := c.Reply(time.Now().Add(-10 * time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, 250, reply.Code)

	_, err = io.WriteString(there, "250 too late\r\n")
	require.NoError(t, err)
	require.Eventually(t, c.Unread, 5*time.Second, time.Millisecond)
	_, err = c.Reply(time.Now().Add(-time.Hour))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestStalls(t *testing.T) {
	t.Parallel()
	now := time.Now()
	second := time.Second
	for _, tt := range []struct {
		name     string
		ran, due time.Time
		deadline time.Time
		stalled  bool
	}{
		{name: "a wait that ends in time", ran: now.Add(-5 * second), due: now, deadline: now},
		{name: "a deadline that was noticed late", ran: now.Add(-5 * second), due: now.Add(-3 * second), deadline: now.Add(-3 * second), stalled: true},
		{name: "a reply that was noticed late, over another deadline", ran: now.Add(-5 * second), due: now.Add(-3 * second), deadline: now.Add(-1 * second), stalled: true},
		{name: "a deadline before the stall", ran: now.Add(-5 * second), due: now.Add(-3 * second), deadline: now.Add(-4 * second)},
		{name: "a deadline long before the wait", ran: now.Add(-time.Millisecond), due: now.Add(-3 * second), deadline: now.Add(-3 * second)},
		{name: "a busy machine", ran: now.Add(-5 * second), due: now.Add(-100 * time.Millisecond), deadline: now.Add(-100 * time.Millisecond)},
		{name: "a wait for something unknown", ran: now.Add(-5 * second), deadline: now.Add(-3 * second)},
	} {
		s := stalls{ran: tt.ran}
		s.end(tt.due)
		require.Equal(t, tt.stalled, s.cover(tt.deadline), tt.name)
	}
}

func TestStalls_Computing(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := stalls{ran: now.Add(-5 * time.Second)}
	s.begin()
	require.True(t, s.cover(now.Add(-time.Second)))
}

func TestConn_Unacknowledged(t *testing.T) {
	t.Parallel()
	here, there := dialed(t)
	c := New(t.Context(), here, nil)
	require.NoError(t, c.Send("NOOP", soon()))
	_, err := there.Read(make([]byte, 10))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !c.Unacknowledged() }, 5*time.Second, time.Millisecond)
	require.False(t, New(t.Context(), struct{ net.Conn }{here}, nil).Unacknowledged(), "not a socket")
}

func TestProtocolError(t *testing.T) {
	t.Parallel()
	here, there := dialed(t)
	c := New(t.Context(), here, nil)
	_, err := io.WriteString(there, "what\r\n")
	require.NoError(t, err)
	_, err = c.Reply(soon())
	_, ok := errors.AsType[*ProtocolError](err)
	require.True(t, ok)
	require.False(t, c.InSync())
}
