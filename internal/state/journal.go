package state

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// append adds a record to the journal. It is on disk after sync. The caller has
// Store.mu.
func (d *disk) append(e *Entry) error {
	if d.readOnly != nil {
		return d.readOnly
	}
	if d.held == nil {
		return d.unlocked
	}
	var text []byte
	var err error
	if d.journal.size == 0 {
		if text, err = appendLine(text, header{Version: version}); err != nil {
			return err
		}
	}
	if text, err = appendLine(text, e); err != nil {
		return err
	}
	if err := d.openJournal(); err != nil {
		return err
	}
	if _, err := d.journal.file.Write(text); err != nil {
		// What was written of the line must not precede the next one.
		return errors.Join(err, d.cutJournal())
	}
	d.journal.size += int64(len(text))
	d.journal.written.Store(e.Seq)
	return nil
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

// sync returns when a record is on disk. Of several callers at a time, one
// syncs for all.
func (d *disk) sync(seq uint64) error {
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if d.synced >= seq {
		return nil
	}
	if d.journal.file == nil {
		return errClosed
	}
	written := d.journal.written.Load()
	if err := d.journal.file.Sync(); err != nil {
		return err
	}
	d.synced = written
	return nil
}

func (d *disk) journalSize() int64 { return d.journal.size }

// emptyJournal drops all records, which the snapshot has. The caller has
// Store.mu.
func (d *disk) emptyJournal() error {
	if d.journal.size == 0 {
		return nil
	}
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if d.journal.file == nil {
		file, err := os.OpenFile(d.journalPath(), os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		d.journal.file = file
	}
	d.synced = d.journal.written.Load()
	d.journal.size = 0
	return d.cutJournal()
}
