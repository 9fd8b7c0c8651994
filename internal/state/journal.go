package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

var errClosed = errors.New("closed")

// errLate reports a disk that hangs.
func (d *disk) errLate() error { return fmt.Errorf("writing takes longer than %s", d.limit) }

// record writes an entry to the journal, and returns when it is on disk, or when
// the limit is over: a probe must not hang with its disk. While an earlier record is late, it is not even tried:
// the next snapshot has the entry.
func (d *disk) record(e *Entry) error {
	if d.readOnly != nil {
		return d.readOnly
	}
	if d.late.Load() > 0 {
		return d.errLate()
	}
	const running, finished, abandoned = 0, 1, 2
	var progress atomic.Int32
	result := make(chan error, 1)
	go func() {
		n, err := d.append(e)
		if err == nil {
			err = d.sync(n)
		}
		result <- err
		if !progress.CompareAndSwap(running, finished) {
			d.late.Add(-1)
		}
	}()
	timer := time.NewTimer(d.limit)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
	}
	d.late.Add(1)
	if !progress.CompareAndSwap(running, abandoned) {
		d.late.Add(-1)
		return <-result
	}
	return d.errLate()
}

// append adds a record to the journal. It is on disk after sync of the number
// returned.
func (d *disk) append(e *Entry) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return 0, errClosed
	case d.held == nil:
		return 0, d.unlocked
	}
	var text []byte
	if d.journal.size == 0 {
		if text, err = appendLine(text, header{Version: version}); err != nil {
			return 0, err
		}
	}
	if text, err = appendLine(text, e); err != nil {
		return 0, err
	}
	if err := d.openJournal(); err != nil {
		return 0, err
	}
	if _, err := d.journal.file.Write(text); err != nil {
		// What was written of the line must not precede the next one.
		return 0, errors.Join(err, d.cutJournal())
	}
	d.journal.size += int64(len(text))
	d.journal.seq = max(d.journal.seq, e.Seq)
	d.journal.count++
	return d.journal.count, nil
}

// openJournal opens the journal and cuts what an interrupted write has left.
func (d *disk) openJournal() error {
	if d.journal.file != nil && d.journal.known {
		return nil
	}
	if d.journal.file == nil {
		file, err := os.OpenFile(d.journalPath(), os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		d.journal.file = file
		if err := syncDir(filepath.Dir(d.path)); err != nil {
			return err
		}
	}
	return d.cutJournal()
}

// cutJournal ends the journal after its last valid line.
func (d *disk) cutJournal() error {
	d.journal.known = false
	if err := d.journal.file.Truncate(d.journal.size); err != nil {
		return err
	}
	if _, err := d.journal.file.Seek(d.journal.size, io.SeekStart); err != nil {
		return err
	}
	d.journal.known = true
	return nil
}

// sync returns when the first n records are on disk. Of several callers at a
// time, one syncs for all.
func (d *disk) sync(n int) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if d.synced >= n {
		return nil
	}
	d.mu.Lock()
	file, count := d.journal.file, d.journal.count
	d.mu.Unlock()
	if file == nil {
		return errClosed
	}
	if err := file.Sync(); err != nil {
		return err
	}
	d.synced = count
	return nil
}

// emptyJournal drops all records if a snapshot has them, which includes those up
// to seq. The caller has mu.
func (d *disk) emptyJournal(seq uint64) error {
	if d.journal.size == 0 || d.journal.seq > seq || d.closed {
		return nil
	}
	if d.journal.file == nil {
		file, err := os.OpenFile(d.journalPath(), os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		d.journal.file = file
	}
	d.journal.size = 0
	return d.cutJournal()
}
