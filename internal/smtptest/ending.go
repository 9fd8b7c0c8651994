package smtptest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// errEnded: the relay ended the session, as the script wanted.
var errEnded = errors.New("the relay ended the session")

// errQuit: the client said QUIT and left.
var errQuit = errors.New("the client quit")

// Close closes the connection, over TLS with a close_notify alert. Input that
// was not read makes a TCP stack turn this into a reset, as it does for real
// relays.
func Close() Step {
	return func(c *Conn) error {
		_ = c.conn.Close()
		return errEnded
	}
}

// HalfClose sends the end of the stream, and then reads on until the client
// leaves, so that the client never sees a reset.
func HalfClose() Step {
	return func(c *Conn) error { return c.halfClose() }
}

// Cut closes the connection without TLS' close_notify alert. Without TLS it is
// Close.
func Cut() Step {
	return func(c *Conn) error {
		_ = c.wire.Close()
		return errEnded
	}
}

// Reset sends a TCP RST. On a unix socket, which has none, it is Cut.
func Reset() Step {
	return func(c *Conn) error {
		if l, ok := lingerer(c.wire); ok {
			_ = l.SetLinger(0) //nolint:errcheck // the client has already left
		}
		_ = c.wire.Close()
		return errEnded
	}
}

// Silence sends nothing more and reads on until the client leaves.
func Silence() Step {
	return func(c *Conn) error { return c.drain() }
}

// Deaf neither sends nor reads anything more, so that the client's writes
// stall, until the server closes.
func Deaf() Step {
	return func(c *Conn) error {
		// The less the system takes in for us, the sooner they stall.
		if b, ok := bottom(c.wire).(interface{ SetReadBuffer(bytes int) error }); ok {
			_ = b.SetReadBuffer(1) //nolint:errcheck // the client has already left
		}
		<-c.Done()
		return errEnded
	}
}

func (c *Conn) halfClose() error {
	if t, ok := c.conn.(*tls.Conn); ok {
		_ = t.CloseWrite()
	}
	if w, ok := writeCloser(c.wire); ok {
		_ = w.CloseWrite()
	}
	err := c.drain()
	if errors.Is(err, io.EOF) {
		return errEnded
	}
	return err
}

type (
	canLinger     interface{ SetLinger(seconds int) error }
	canCloseWrite interface{ CloseWrite() error }
	// wrapper is how connections of PROXY-protocol listeners show what is below.
	wrapper interface{ Raw() net.Conn }
)

func lingerer(conn net.Conn) (canLinger, bool) {
	l, ok := bottom(conn).(canLinger)
	return l, ok
}

func writeCloser(conn net.Conn) (canCloseWrite, bool) {
	w, ok := bottom(conn).(canCloseWrite)
	return w, ok
}

func bottom(conn net.Conn) net.Conn {
	for {
		w, ok := conn.(wrapper)
		if !ok {
			return conn
		}
		conn = w.Raw()
	}
}
