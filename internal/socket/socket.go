// Package socket asks the kernel for what package net does not report: whether
// something waits to be read, when it arrived, and whether the peer has
// acknowledged what was sent.
package socket

import (
	"net"
	"syscall"
	"time"
)

// Conn is a connection and what the kernel knows of it. Its own methods are for
// one goroutine at a time.
type Conn struct {
	net.Conn
	raw    syscall.RawConn // nil: there is no kernel to ask
	stamps stamps
}

// New wraps a connection. One that is not a socket works, and reports nothing.
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

// Arrived is when the last bytes that Read returned arrived at this machine,
// however late they were read. It is zero where that is not known: Linux reports
// it for TCP.
func (c *Conn) Arrived() time.Time { return c.stamps.arrived }

// Pending reports, without waiting, whether bytes have arrived that nobody has
// read. It is false for a closed or failed connection, and where the kernel
// cannot be asked.
func (c *Conn) Pending() bool {
	return c.raw != nil && pending(c.raw)
}

// Unacknowledged reports whether the peer's kernel has not acknowledged
// everything that was sent (Linux, TCP). It is false where that is not known.
func (c *Conn) Unacknowledged() bool {
	if _, tcp := c.Conn.(*net.TCPConn); !tcp || c.raw == nil {
		return false
	}
	return unacknowledged(c.raw)
}
