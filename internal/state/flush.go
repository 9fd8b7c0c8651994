package state

import (
	"context"
	"errors"
)

// maxJournal is the size of the journal, in bytes, from which durable writes wait
// for the next snapshot, which empties it.
const maxJournal = 4 << 20

// FlushSoon flushes in the background. It returns at once.
func (s *Store) FlushSoon() {
	if s.disk == nil {
		return
	}
	s.background.Lock()
	defer s.background.Unlock()
	if s.background.running {
		s.background.again = true
		return
	}
	s.background.running = true
	go func() {
		for {
			s.Flush() // Problem returns its error
			s.background.Lock()
			if !s.background.again {
				s.background.running = false
				s.background.Unlock()
				return
			}
			s.background.again = false
			s.background.Unlock()
		}
	}()
}

// Flush writes a snapshot if anything has changed, and returns when it is on
// disk. Problem returns the same error until a write succeeds.
func (s *Store) Flush() error {
	if s.disk == nil {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.disk.readOnly != nil {
		return s.disk.readOnly
	}
	err := s.write()
	if err != nil {
		s.writeFailed(err)
	}
	return err
}

// write replaces the snapshot. The caller holds s.writing.
func (s *Store) write() error {
	if !s.isDirty() {
		return nil
	}
	d := s.disk
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	if d.lockFile == nil { // a full disk may now have room for the lock
		if err := d.lock(context.Background(), 0); err != nil {
			d.mu.Unlock()
			return err
		}
	}
	large := d.journal.size > maxJournal
	if !large {
		d.mu.Unlock()
	}
	h, entries := s.snapshot()
	err := d.replace(h, entries)
	if !large {
		d.mu.Lock()
	}
	defer d.mu.Unlock()
	s.written(err)
	if err != nil {
		return err
	}
	// If the journal cannot be emptied, its records are skipped when it is read.
	return d.emptyJournal(h.Seq)
}

func (s *Store) isDirty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dirty
}

// snapshot returns the header and the entries of the next snapshot.
func (s *Store) snapshot() (header, []named) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = false
	entries := s.sorted()
	return header{Version: version, Seq: s.seq, Entries: len(entries)}, entries
}

// written records the result of writing a snapshot.
func (s *Store) written(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.dirty = true
		return
	}
	s.problem, s.failing = "", false
}

// load reads both files and sets damaged ones aside. The valid records of a
// damaged journal are written to a snapshot.
func (s *Store) load() {
	d := s.disk
	since := s.now().Add(-Keep)
	limit := s.now().Unix()
	newest := make(map[id]uint64) // sequence numbers of records in the journal
	add := func(e *Entry) {
		k := id{e.Section, e.Key}
		if e.Seq > 0 {
			if e.Seq < newest[k] {
				return
			}
			newest[k] = e.Seq
		}
		s.entries[k] = entry{seen: min(e.Seen, limit), value: e.Value}
	}
	included, err := d.readSnapshot(since, add)
	var bad *damage
	switch {
	case errors.As(err, &bad):
		clear(s.entries)
		s.readFailed(d.setAside(d.path, bad))
		s.dirty = true
	case err != nil:
		s.makeReadOnly(err)
		return
	}
	j, err := d.readJournal(func(e *Entry) {
		if e.Seq > included && e.Seen >= since.Unix() {
			add(e)
			s.dirty = true
		}
	})
	s.seq = max(included, j.seq)
	switch {
	case err == nil && j.invalid > 0:
		err = damaged("%d invalid lines amid valid ones", j.invalid)
		fallthrough
	case errors.As(err, &bad):
		// A snapshot keeps the valid records before the journal is set aside.
		if s.dirty && d.lockFile != nil {
			if err := d.replace(s.snapshot()); err != nil {
				s.dirty = true
				s.writeFailed(err)
				return
			}
		}
		s.readFailed(d.setAside(d.journalPath(), err))
	case err != nil:
		s.makeReadOnly(err)
	}
}

// makeReadOnly records that the files cannot be read: they are never written.
func (s *Store) makeReadOnly(err error) {
	s.disk.readOnly = err
	if s.failing && s.disk.lockErr != nil && s.disk.lockErr.Error() == err.Error() {
		return // the same error was logged
	}
	s.readFailed(err)
	s.failing = true
}
