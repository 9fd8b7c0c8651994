//go:build unix

package socket

import "syscall"

// peek looks at what waits in the kernel.
type peek struct {
	look func(fd uintptr) bool // once is enough: each would be an allocation

	one    [1]byte
	n      int
	failed error
}

func (p *peek) pending(raw syscall.RawConn) bool {
	if p.look == nil {
		p.look = p.receive
	}
	return raw.Read(p.look) == nil && p.failed == nil && p.n > 0
}

func (p *peek) receive(fd uintptr) bool {
	p.n, _, p.failed = syscall.Recvfrom(int(fd), p.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return true
}
