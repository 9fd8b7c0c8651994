// Package socket reports what the kernel knows about a connection and package
// net does not expose: whether data waits to be read, when it arrived, and
// whether the peer has acknowledged the data that was sent.
package socket

import (
	"net"
	"syscall"
	"time"
)

// Conn is a connection with access to its socket. Its own methods must not be
// used by more than one goroutine at a time.
type Conn struct {
	net.Conn
	raw    syscall.RawConn // nil if the connection is not a socket
	stamps timestamps
}

// New wraps a connection. A connection that is not a socket works, but its
// methods report nothing.
func New(conn net.Conn) *Conn {
	c := &Conn{Conn: conn}
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			c.raw = raw
		}
	}
	if _, tcp := conn.(*net.TCPConn); tcp && c.raw != nil {
		c.stamps.enable()
	}
	return c
}

// Read implements net.Conn, with the same errors as the wrapped connection.
func (c *Conn) Read(b []byte) (int, error) {
	if !c.stamps.enabled() {
		return c.Conn.Read(b)
	}
	return c.stamps.read(c, b)
}

// Arrived returns the time at which the bytes that Read returned last arrived at
// this machine, however late they were read. It is zero where that is unknown;
// Linux reports it for TCP.
func (c *Conn) Arrived() time.Time { return c.stamps.arrived }

// Pending reports, without waiting, whether unread data has arrived. It is false
// for a closed or failed connection, and where the kernel cannot be asked.
func (c *Conn) Pending() bool {
	return c.raw != nil && pending(c.raw)
}

// Unacknowledged reports whether the peer's kernel has not acknowledged all data
// that was sent (Linux, TCP). It is false where that is unknown.
func (c *Conn) Unacknowledged() bool {
	if _, tcp := c.Conn.(*net.TCPConn); !tcp || c.raw == nil {
		return false
	}
	return unacknowledged(c.raw)
}
