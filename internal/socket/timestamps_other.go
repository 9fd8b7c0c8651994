//go:build !linux

package socket

import (
	"syscall"
	"time"
)

// timestamps are not implemented for this system.
type timestamps struct{ arrived time.Time }

func (*timestamps) enable() {}

func (*timestamps) enabled() bool { return false }

func (*timestamps) read(c *Conn, b []byte) (int, error) { return c.Conn.Read(b) }

func unacknowledged(syscall.RawConn) bool { return false }
