//go:build !linux

package socket

import (
	"syscall"
	"time"
)

// stamps are not available here.
type stamps struct{ arrived time.Time }

func (*stamps) begin() {}

func (*stamps) begun() bool { return false }

func (*stamps) read(c *Conn, b []byte) (int, error) { return c.Conn.Read(b) }

func unacknowledged(syscall.RawConn) bool { return false }
