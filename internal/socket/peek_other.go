//go:build !unix

package socket

import "syscall"

// pending is not implemented for this system.
func pending(syscall.RawConn) bool { return false }
