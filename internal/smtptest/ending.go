package smtptest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// errEnded means that the script ended the session.
var errEnded = errors.New("the relay ended the session")

// errQuit means that the client sent QUIT and closed the connection.
var errQuit = errors.New("the client quit")

// Close closes the connection, over TLS with a close_notify alert. If there is
// unread input, the client receives a reset, as with real relays.
func Close() Step {
	return func(c *Conn) error {
		_ = c.conn.Close()
		return errEnded
	}
}

// HalfClose closes the connection for writing and reads until the client closes it,
// so that the client never receives a reset.
func HalfClose() Step {
	return func(c *Conn) error { return c.halfClose() }
}

// Cut closes the connection without a close_notify alert. Without TLS it is the same
// as Close.
func Cut() Step {
	return func(c *Conn) error {
		_ = c.wire.Close()
		return errEnded
	}
}

// Reset sends a TCP reset. On a unix socket it is the same as Cut.
func Reset() Step {
	return func(c *Conn) error {
		if l, ok := lingerer(c.wire); ok {
			_ = l.SetLinger(0) //nolint:errcheck // the connection may be closed
		}
		_ = c.wire.Close()
		return errEnded
	}
}

// Silence sends nothing more and reads until the client closes the connection.
func Silence() Step {
	return func(c *Conn) error { return c.drain() }
}

// Stall neither sends nor reads anything more until the server is closed, so that
// the client's writes block.
func Stall() Step {
	return func(c *Conn) error {
		// A small buffer makes them block sooner.
		if b, ok := bottom(c.wire).(interface{ SetReadBuffer(bytes int) error }); ok {
			_ = b.SetReadBuffer(1) //nolint:errcheck // the connection may be closed
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
	// wrapper is implemented by connections of PROXY protocol listeners.
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

// bottom returns the innermost connection.
func bottom(conn net.Conn) net.Conn {
	for {
		w, ok := conn.(wrapper)
		if !ok {
			return conn
		}
		conn = w.Raw()
	}
}
