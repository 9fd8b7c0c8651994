package state

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

var errClosed = errors.New("closed")

// write is the write of one record. err is valid when done is closed.
type write struct {
	done chan struct{}
	err  error
}

func (w *write) running() bool {
	select {
	case <-w.done:
		return false
	default:
		return true
	}
}

// errHangs is the error of a write to a disk that hangs.
func (d *disk) errHangs() error { return fmt.Errorf("writing takes longer than %s", d.limit) }

// record writes an entry to the journal. It returns when the entry is on disk, or
// after the limit, because a probe must not hang with its disk. While an earlier
// write hangs, it does not even try: the next snapshot includes the entry.
func (d *disk) record(e *Entry) error {
	if d.readOnly != nil {
		return d.readOnly
	}
	if earlier := d.hanging.Load(); earlier != nil && earlier.running() {
		return d.errHangs()
	}
	w := &write{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		var n int
		if n, w.err = d.append(e); w.err == nil {
			w.err = d.sync(n)
		}
	}()
	timer := time.NewTimer(d.limit)
	defer timer.Stop()
	select {
	case <-w.done:
		return w.err
	case <-timer.C:
		d.hanging.Store(w)
		return d.errHangs()
	}
}

// append appends a record to the journal. It is on disk after a sync of the
// returned count of records.
func (d *disk) append(e *Entry) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return 0, errClosed
	case d.lockFile == nil:
		return 0, d.lockErr
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
		// A part of the line must not precede the next record.
		return 0, errors.Join(err, d.cutJournal())
	}
	d.journal.size += int64(len(text))
	d.journal.seq = max(d.journal.seq, e.Seq)
	d.journal.count++
	return d.journal.count, nil
}

// openJournal opens the journal and removes the rest of an interrupted write.
func (d *disk) openJournal() error {
	if d.journal.file != nil && d.journal.sizeKnown {
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

// cutJournal truncates the journal after its last valid line.
func (d *disk) cutJournal() error {
	d.journal.sizeKnown = false
	if err := d.journal.file.Truncate(d.journal.size); err != nil {
		return err
	}
	if _, err := d.journal.file.Seek(d.journal.size, io.SeekStart); err != nil {
		return err
	}
	d.journal.sizeKnown = true
	return nil
}

// sync returns when the first n records are on disk. One of several concurrent
// callers syncs for all.
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

// emptyJournal truncates the journal if a snapshot that includes the records up
// to seq includes all of them. The caller holds d.mu.
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
