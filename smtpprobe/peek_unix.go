//go:build unix

package smtpprobe

import (
	"net"
	"syscall"
)

// arrivals looks at what waits in the kernel for a connection's reader. The
// zero value sees nothing.
type arrivals struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool // peek, made once: each would be an allocation

	one    [1]byte
	n      int
	failed error
}

func (a *arrivals) of(conn net.Conn) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	a.raw, a.look = raw, a.peek
}

// pending tells whether bytes wait that nobody has read, without waiting. A
// closed or failed connection has none: the next write or read says so.
func (a *arrivals) pending() bool {
	return a.raw != nil && a.raw.Read(a.look) == nil && a.failed == nil && a.n > 0
}

func (a *arrivals) peek(fd uintptr) bool {
	a.n, _, a.failed = syscall.Recvfrom(int(fd), a.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return true
}
