//go:build unix

package execd

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// writable reports whether a short write to w will not block. A thread that is
// blocked in a write may delay other goroutines.
func writable(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return true
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return true
	}
	ready := true
	err = conn.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0) // descriptors fit in 32 bits
		ready = err != nil || n > 0
	})
	return err != nil || ready
}
