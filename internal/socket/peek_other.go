//go:build !unix

package socket

import "syscall"

// pending sees nothing here.
func pending(syscall.RawConn) bool { return false }
