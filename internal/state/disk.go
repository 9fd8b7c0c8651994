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

// disk is the files of a Store.
type disk struct {
	path     string
	limit    time.Duration // how long a durable write is waited for
	readOnly error         // why nothing is ever written; set while loading

	mu       sync.Mutex // held while the journal is written
	held     *lockFile  // nil: not locked
	unlocked error      // why the lock could not be had
	closed   bool
	journal  struct {
		file  *os.File // nil: not open
		size  int64    // bytes up to the end of the last valid line
		known bool     // size is
		seq   uint64   // highest of the records
		count int      // records that this process has written
	}

	syncing sync.Mutex // held while the journal is synced; before mu
	synced  int        // of journal.count

	late atomic.Int32 // records that are being written, and nobody waits for
}

func (d *disk) journalPath() string { return d.path + ".journal" }

// lock waits until no other process uses the files.
func (d *disk) lock(ctx context.Context, wait time.Duration) error {
	if d.unlocked = ownedByUs(d.path); d.unlocked == nil {
		d.held, d.unlocked = lock(ctx, d.path+".lock", wait)
	}
	return d.unlocked
}

// release gives the files back.
func (d *disk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.journal.file != nil {
		d.journal.file.Close()
		d.journal.file = nil
	}
	if d.held != nil {
		d.held.release()
		d.held = nil
	}
}

// openFile opens one of the files to read it. It is nil if there is none.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a FIFO would wait
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

func (d *disk) readSnapshot(since time.Time, take func(*Entry)) (seq uint64, err error) {
	file, err := openFile(d.path)
	if err != nil || file == nil {
		return 0, err
	}
	defer file.Close()
	return readSnapshot(io.LimitReader(file, maxFile), since, take)
}

func (d *disk) readJournal(take func(*Entry)) (journalled, error) {
	file, err := openFile(d.journalPath())
	if err != nil {
		return journalled{}, err
	}
	if file == nil {
		d.journal.known = true
		return journalled{}, nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return journalled{}, err
	}
	if info.Size() == 0 {
		d.journal.known = true
		return journalled{}, nil
	}
	j, err := readJournal(io.LimitReader(file, maxFile), take)
	d.journal.size, d.journal.known, d.journal.seq = j.valid, err == nil, j.seq
	return j, err
}

// keepAside renames a file that cannot be read, and returns an error that says
// so. Nothing is renamed without the lock.
func (d *disk) keepAside(path string, why error) error {
	aside := path + ".damaged"
	if d.held != nil {
		err := os.Rename(path, aside)
		if err == nil {
			if path == d.journalPath() {
				d.journal.size, d.journal.known = 0, true
			}
			return fmt.Errorf("damaged, kept as %s, starting without it: %w", aside, why)
		}
		why = errors.Join(why, err)
	}
	return fmt.Errorf("damaged, starting without it: %w", why)
}

// replace writes a snapshot: to a temporary file that is synced and renamed.
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

// line returns an entry as it is written.
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
