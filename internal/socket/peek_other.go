//go:build !unix

package socket

import "syscall"

// peek sees nothing here.
type peek struct{}

func (*peek) pending(syscall.RawConn) bool { return false }
