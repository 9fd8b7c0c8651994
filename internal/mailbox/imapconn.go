package mailbox

import (
	"errors"
	"net"
	"sync"
	"time"
)

// maxSession is the maximum number of bytes that a server may send in one
// session; one look needs far less.
const maxSession = 256 << 20

var errTooMuch = errors.New("the server sent too much data")

// boundedConn is a connection whose deadline cannot be extended, which the
// IMAP library tries to do. It keeps its first error, of which the library
// keeps the text only.
type boundedConn struct {
	net.Conn
	deadline time.Time // zero: none

	mu   sync.Mutex
	read int64
	err  error
}

func bound(c net.Conn, deadline time.Time) (*boundedConn, error) {
	b := &boundedConn{Conn: c, deadline: deadline}
	if err := b.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return b, nil
}

func (c *boundedConn) sooner(t time.Time) time.Time {
	if t.IsZero() || !c.deadline.IsZero() && c.deadline.Before(t) {
		return c.deadline
	}
	return t
}

// SetDeadline limits reads and writes, not beyond the deadline of the session.
func (c *boundedConn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(c.sooner(t)) }

// SetReadDeadline limits reads as SetDeadline does.
func (c *boundedConn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.sooner(t)) }

// SetWriteDeadline limits writes as SetDeadline does.
func (c *boundedConn) SetWriteDeadline(t time.Time) error {
	return c.Conn.SetWriteDeadline(c.sooner(t))
}

func (c *boundedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read += int64(n); c.read > maxSession && err == nil {
		err = errTooMuch
	}
	c.note(err)
	return n, err
}

func (c *boundedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(err)
	return n, err
}

func (c *boundedConn) note(err error) {
	if c.err == nil && err != nil {
		c.err = err
	}
}

// failure returns why the connection failed, nil if it did not.
func (c *boundedConn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// received reports whether the server has sent anything.
func (c *boundedConn) received() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read > 0
}
