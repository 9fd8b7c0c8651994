package state

import (
	"context"
	"errors"
)

// maxJournal is how many bytes of journal make durable writes wait for a
// snapshot, so that it cannot grow for ever.
const maxJournal = 4 << 20

// FlushSoon has what is new written in the background. It returns at once.
func (s *Store) FlushSoon() {
	if s.disk == nil {
		return
	}
	s.soon.Lock()
	defer s.soon.Unlock()
	if s.soon.running {
		s.soon.again = true
		return
	}
	s.soon.running = true
	go func() {
		for {
			s.Flush() // Problem reports its error
			s.soon.Lock()
			if !s.soon.again {
				s.soon.running = false
				s.soon.Unlock()
				return
			}
			s.soon.again = false
			s.soon.Unlock()
		}
	}()
}

// Flush writes what is new, and returns when it is on disk. Problem reports the
// same error, until a write succeeds.
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
		s.unwritable(err)
	}
	return err
}

// write replaces the snapshot. The caller has s.writing.
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
	if d.held == nil { // a full disk may now have room for the lock
		if err := d.lock(context.Background(), 0); err != nil {
			d.mu.Unlock()
			return err
		}
	}
	large := d.journal.size > maxJournal
	if !large {
		d.mu.Unlock()
	}
	h, entries := s.capture()
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

// capture returns what is to be written.
func (s *Store) capture() (header, []named) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = false
	entries := s.sorted()
	return header{Version: version, Seq: s.seq, Entries: len(entries)}, entries
}

// written notes what became of it.
func (s *Store) written(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.dirty = true
		return
	}
	s.problem, s.failing = "", false
}

// load reads both files, keeps aside what is damaged, and writes what is left.
func (s *Store) load() {
	d := s.disk
	since := s.now().Add(-Keep)
	limit := s.now().Unix()
	newest := make(map[id]uint64) // number of the record, of those in the journal
	take := func(e *Entry) {
		k := id{e.Section, e.Key}
		if e.Seq > 0 {
			if e.Seq < newest[k] {
				return
			}
			newest[k] = e.Seq
		}
		s.entries[k] = entry{seen: min(e.Seen, limit), value: e.Value}
	}
	included, err := d.readSnapshot(since, take)
	var bad *damage
	switch {
	case errors.As(err, &bad):
		clear(s.entries)
		s.unreadable(d.keepAside(d.path, bad))
		s.dirty = true
	case err != nil:
		s.ignore(err)
		return
	}
	j, err := d.readJournal(func(e *Entry) {
		if e.Seq > included && e.Seen >= since.Unix() {
			take(e)
			s.dirty = true
		}
	})
	s.seq = max(included, j.seq)
	switch {
	case err == nil && j.bad > 0:
		err = damaged("%d invalid lines amid valid ones", j.bad)
		fallthrough
	case errors.As(err, &bad):
		// The valid records are kept in a snapshot before the journal goes.
		if s.dirty && d.held != nil {
			if err := d.replace(s.capture()); err != nil {
				s.dirty = true
				s.unwritable(err)
				return
			}
		}
		s.unreadable(d.keepAside(d.journalPath(), err))
	case err != nil:
		s.ignore(err)
	}
}

// ignore leaves files alone that cannot be read.
func (s *Store) ignore(err error) {
	s.disk.readOnly = err
	if s.failing && s.disk.unlocked != nil && s.disk.unlocked.Error() == err.Error() {
		return // it is known
	}
	s.unreadable(err)
	s.failing = true
}
