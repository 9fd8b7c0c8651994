//go:build !linux

package socket

import "time"

// stamps are not to be had here.
type stamps struct{ arrived time.Time }

func (*stamps) begin() {}

func (*stamps) begun() bool { return false }

func (*stamps) read(c *Conn, b []byte) (int, error) { return c.Conn.Read(b) }
