//go:build unix

package smtpprobe

import (
	"net"
	"syscall"
)

// pending tells whether bytes wait in the kernel that nobody has read, without
// waiting. A closed or failed connection has none: the next write or read says so.
func pending(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	var (
		one    [1]byte
		n      int
		failed error
	)
	err = raw.Read(func(fd uintptr) bool {
		n, _, failed = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true
	})
	return err == nil && failed == nil && n > 0
}
