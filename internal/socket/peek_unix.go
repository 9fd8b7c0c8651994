//go:build unix

package socket

import "syscall"

// pending reports whether the receive buffer has data, without reading it. It
// uses Control because Read fails after the deadline.
func pending(raw syscall.RawConn) bool {
	found := false
	err := raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		found = err == nil && n > 0
	})
	return err == nil && found
}
