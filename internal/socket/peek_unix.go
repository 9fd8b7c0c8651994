//go:build unix

package socket

import "syscall"

// pending looks at what waits in the kernel, without taking it. It goes by
// Control, since Read fails once the deadline has passed.
func pending(raw syscall.RawConn) bool {
	waiting := false
	err := raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting = err == nil && n > 0
	})
	return err == nil && waiting
}
