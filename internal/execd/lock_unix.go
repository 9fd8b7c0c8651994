//go:build unix

package execd

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockable reports whether so many pages of memory can be locked, as Telegraf's
// protection of secrets requires.
func lockable(pages int) bool {
	block, err := unix.Mmap(-1, 0, pages*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return false
	}
	defer unix.Munmap(block) //nolint:errcheck // at worst, a little memory stays mapped
	if err := unix.Mlock(block); err != nil {
		return false
	}
	return unix.Munlock(block) == nil
}
