//go:build unix

package mailbox

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile opens a file for reading. It does not follow symbolic links and does not
// block on a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

func inode(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}
