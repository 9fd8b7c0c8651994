//go:build unix

package execd

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// writable reports whether a short write to w does not block. A thread that
// blocks in a write may keep the Go scheduler from other work for a while.
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
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0) // file descriptors are small
		ready = err != nil || n > 0
	})
	return err != nil || ready
}
