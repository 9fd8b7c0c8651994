// Package socket asks the kernel what net does not tell: whether something
// waits to be read, and when what was read had arrived.
package socket

import (
	"net"
	"syscall"
	"time"
)

// Conn is a connection with what its kernel knows of it. Read, Pending and
// Arrived are for one goroutine at a time.
type Conn struct {
	net.Conn
	raw    syscall.RawConn // nil: there is no kernel to ask
	peeked peek
	stamps stamps
}

// New wraps a connection. One that is no socket works, and tells nothing.
func New(conn net.Conn) *Conn {
	c := &Conn{Conn: conn}
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			c.raw = raw
		}
	}
	if _, tcp := conn.(*net.TCPConn); tcp && c.raw != nil {
		c.stamps.begin()
	}
	return c
}

// Read is the connection's, with the same errors.
func (c *Conn) Read(b []byte) (int, error) {
	if !c.stamps.begun() {
		return c.Conn.Read(b)
	}
	return c.stamps.read(c, b)
}

// Arrived is when the last octets that Read returned had arrived at this
// machine, however late somebody came to read them. It is zero where that is
// not known: Linux tells of TCP.
func (c *Conn) Arrived() time.Time { return c.stamps.arrived }

// Pending tells whether octets wait that nobody has read, without waiting. A
// closed or failed connection has none: the next write or read says so. Where
// the kernel cannot be asked there are none either.
func (c *Conn) Pending() bool {
	return c.raw != nil && c.peeked.pending(c.raw)
}
