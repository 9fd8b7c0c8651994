package mailbox

import (
	"errors"
	"io/fs"
	"os"
)

// openFile opens a file for reading. It does not follow symbolic links.
func openFile(path string) (*os.File, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err != nil || !os.SameFile(before, after) {
		f.Close()
		return nil, errors.Join(errors.New("the file is a link or was replaced"), err)
	}
	return f, nil
}

func inode(fs.FileInfo) uint64 { return 0 }
