package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// disk manages the files of a Store.
type disk struct {
	path     string
	limit    time.Duration // of a durable write
	readOnly error         // why nothing may be written; set while loading

	mu       sync.Mutex // held while the journal is written
	lockFile *lockFile  // nil: not locked
	lockErr  error      // why it is not locked
	closed   bool
	journal  struct {
		file      *os.File // nil: not open
		size      int64    // bytes up to the end of the last valid line
		sizeKnown bool
		seq       uint64 // highest sequence number
		count     int    // records written by this process
	}

	syncing sync.Mutex // held while the journal is synced; locked before mu
	synced  int        // records of journal.count that are on disk

	hanging atomic.Pointer[write] // the last write that took longer than limit
}

func (d *disk) journalPath() string { return d.path + ".journal" }

// lock waits until no other process uses the files.
func (d *disk) lock(ctx context.Context, wait time.Duration) error {
	if d.lockErr = ownedByUs(d.path); d.lockErr == nil {
		d.lockFile, d.lockErr = lock(ctx, d.path+".lock", wait)
	}
	return d.lockErr
}

// release closes and unlocks the files.
func (d *disk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.journal.file != nil {
		d.journal.file.Close()
		d.journal.file = nil
	}
	if d.lockFile != nil {
		d.lockFile.release()
		d.lockFile = nil
	}
}

// openFile opens a file for reading. It returns nil if the file does not exist.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a FIFO would block
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := ownedByUs(path); err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, damaged("it is larger than %d bytes", maxFile)
	}
	return os.Open(path)
}

func (d *disk) readSnapshot(since time.Time, add func(*Entry)) (seq uint64, err error) {
	file, err := openFile(d.path)
	if err != nil || file == nil {
		return 0, err
	}
	defer file.Close()
	return readSnapshot(io.LimitReader(file, maxFile), since, add)
}

func (d *disk) readJournal(add func(*Entry)) (journalInfo, error) {
	file, err := openFile(d.journalPath())
	if err != nil {
		return journalInfo{}, err
	}
	if file == nil {
		d.journal.sizeKnown = true
		return journalInfo{}, nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return journalInfo{}, err
	}
	if info.Size() == 0 {
		d.journal.sizeKnown = true
		return journalInfo{}, nil
	}
	j, err := readJournal(io.LimitReader(file, maxFile), add)
	d.journal.size, d.journal.sizeKnown, d.journal.seq = j.valid, err == nil, j.seq
	return j, err
}

// setAside renames a damaged file, if it is locked, and returns the error to
// report.
func (d *disk) setAside(path string, why error) error {
	aside := path + ".damaged"
	if d.lockFile != nil {
		err := os.Rename(path, aside)
		if err == nil {
			if path == d.journalPath() {
				d.journal.size, d.journal.sizeKnown = 0, true
			}
			return fmt.Errorf("damaged, kept as %s, starting without it: %w", aside, why)
		}
		why = errors.Join(why, err)
	}
	return fmt.Errorf("damaged, starting without it: %w", why)
}

// replace writes a snapshot to a temporary file, syncs and renames it.
func (d *disk) replace(h header, entries []named) (err error) {
	temporary := d.path + ".tmp"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temporary)
		}
	}()
	err = writeSnapshot(file, h, entries)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(temporary, d.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.path))
}

// line returns the entry in the form in which it is written.
func (n *named) line() (Entry, error) {
	value, err := n.encoded()
	if err != nil {
		return Entry{}, fmt.Errorf("encoding %s %q: %w", n.section, n.key, err)
	}
	return Entry{Section: n.section, Key: n.key, Seen: n.seen, Value: value}, nil
}

func writeSnapshot(w io.Writer, h header, entries []named) error {
	out := bufio.NewWriterSize(w, 1<<20)
	line, err := appendLine(nil, h)
	if err != nil {
		return err
	}
	if _, err := out.Write(line); err != nil {
		return err
	}
	for i := range entries {
		e, err := entries[i].line()
		if err != nil {
			return err
		}
		if line, err = appendLine(line[:0], e); err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
