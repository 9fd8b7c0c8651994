package mailbox

import (
	"io"
	"net"
	"sync"
	"time"
)

// imapConn is the plaintext side of a connection to an IMAP server. Its deadline
// cannot be extended, which the IMAP library tries to do, and its responses are
// checked by a responseScanner before the library parses them. It keeps its
// first error, because the library keeps only the text of errors.
type imapConn struct {
	net.Conn
	input    io.Reader // the greeting, and then the data of Conn
	deadline time.Time // zero: none

	mu        sync.Mutex
	responses responseScanner
	err       error
}

func (c *imapConn) earlier(t time.Time) time.Time {
	if t.IsZero() || !c.deadline.IsZero() && c.deadline.Before(t) {
		return c.deadline
	}
	return t
}

// SetDeadline sets the deadline of reads and writes, at the latest the deadline
// of the session.
func (c *imapConn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(c.earlier(t)) }

// SetReadDeadline sets the deadline of reads as SetDeadline does.
func (c *imapConn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.earlier(t)) }

// SetWriteDeadline sets the deadline of writes as SetDeadline does.
func (c *imapConn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.earlier(t)) }

func (c *imapConn) Read(b []byte) (int, error) {
	// The library may read again after an error.
	if err := c.failure(); err != nil {
		return 0, err
	}
	n, err := c.input.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	if limit := c.responses.scan(b[:n]); limit != nil {
		n, err = 0, limit
	}
	c.note(err)
	return n, err
}

func (c *imapConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(err)
	return n, err
}

func (c *imapConn) note(err error) {
	if c.err == nil && err != nil {
		c.err = err
	}
}

// failure returns the first error of the connection, or nil.
func (c *imapConn) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
