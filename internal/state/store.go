package state

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Keep is how long an entry is remembered that is not used any more.
const Keep = 7 * 24 * time.Hour

// Options of a Store. The zero value works.
type Options struct {
	// Warn is called with one line when something goes wrong that Problem
	// then reports, and when a damaged file is kept aside. Nil: not called.
	Warn func(text string)
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Wait is how long to wait for a file that another process uses, 5 s by
	// default.
	Wait time.Duration
	// WriteLimit is how long Put and Save wait for the disk, 500 ms by default.
	WriteLimit time.Duration
}

// Store is what is remembered. It may be used by several goroutines at a time,
// and none of its methods but Flush and Close waits long for the disk.
type Store struct {
	now   func() time.Time
	warn  func(string)
	disk  *disk // nil: in memory only
	users int   // of a shared Store; guarded by open.mu

	mu      sync.Mutex // never held while the disk is used
	entries map[id]entry
	inUse   map[string]bool // sections that do not expire
	dirty   bool            // the snapshot lacks something
	seq     uint64          // of the last durable write
	problem string
	failing bool // the problem is a failed write, and was warned of

	writing sync.Mutex // held while a snapshot is written
	soon    struct {
		sync.Mutex
		running, again bool
	}
}

type id struct{ section, key string }

// entry is something remembered. A target is encoded only when it is written,
// which is once for many probes, or never.
type entry struct {
	seen   int64           // Unix seconds
	target *Target         // never changed; nil: value
	value  json.RawMessage // never changed
}

func (e *entry) encoded() (json.RawMessage, error) {
	if e.target == nil {
		return e.value, nil
	}
	return json.Marshal(e.target)
}

// named is an entry and its name.
type named struct {
	id
	entry
}

// New returns a Store without a file.
func New(o Options) *Store {
	s := &Store{
		now: o.Now, warn: o.Warn,
		entries: make(map[id]entry), inUse: make(map[string]bool),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.warn == nil {
		s.warn = func(string) {}
	}
	return s
}

// open has the Stores of this process by path.
var open = struct {
	mu     sync.Mutex
	stores map[string]*Store
}{stores: make(map[string]*Store)}

// Open returns the Store of a file, which need not exist. Callers in this
// process that give the same path get the same Store, with the options of the
// first, and each must Close it. A file that another process uses is waited
// for; the only error is that it still does at the end, or that ctx ended.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	name, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("state_file %q: %w", path, err)
	}
	open.mu.Lock()
	defer open.mu.Unlock()
	if s := open.stores[name]; s != nil {
		s.users++
		return s, nil
	}
	s := New(o)
	s.disk = &disk{path: name, limit: cmp.Or(o.WriteLimit, 500*time.Millisecond)}
	if err := s.disk.lock(ctx, cmp.Or(o.Wait, 5*time.Second)); err != nil {
		var busy *busyError
		if errors.As(err, &busy) || ctx.Err() != nil {
			return nil, fmt.Errorf("state_file %q: %w", path, err)
		}
		s.unwritable(err)
	}
	s.load()
	s.users = 1
	open.stores[name] = s
	return s, nil
}

// resolve returns the one name of a file that may have several.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path)), nil
	}
	return path, nil
}

// Close writes what is not on disk yet and gives the file back. If other users
// have the Store open, it only writes. The context bounds the wait for the disk.
func (s *Store) Close(ctx context.Context) error {
	if s.disk == nil {
		return nil
	}
	open.mu.Lock()
	s.users--
	last := s.users == 0
	if last {
		delete(open.stores, s.disk.path)
	}
	open.mu.Unlock()

	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err = s.Flush(); err != nil {
			err = fmt.Errorf("state_file %q: %w", s.disk.path, err)
		}
		if last {
			s.writing.Lock()
			defer s.writing.Unlock()
			s.disk.release()
		}
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("state_file %q: writing: %w", s.disk.path, context.Cause(ctx))
	}
}

// Problem says in one line why the file could not be read or written last, and
// is empty if it could.
func (s *Store) Problem() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// unreadable notes and warns of an error while the files are read.
func (s *Store) unreadable(err error) {
	s.mu.Lock()
	s.problem = fmt.Sprintf("state_file %q: %v", s.disk.path, err)
	text := s.problem
	s.mu.Unlock()
	s.warn(text)
}

// unwritable notes an error of a write, and warns of the first in a row.
func (s *Store) unwritable(err error) {
	s.mu.Lock()
	s.problem = fmt.Sprintf("state_file %q: %v", s.disk.path, err)
	text, known := s.problem, s.failing
	s.failing = true
	s.mu.Unlock()
	if !known {
		s.warn(text)
	}
}

func (s *Store) get(section, key string) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(section)
	e, ok := s.entries[id{section, key}]
	return e, ok
}

// use keeps a component's section from expiring. Targets expire one by one.
func (s *Store) use(section string) {
	if section != targets {
		s.inUse[section] = true
	}
}

func (s *Store) setEntry(section, key string, e entry) {
	e.seen = s.now().Unix()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(section)
	s.entries[id{section, key}] = e
	s.dirty = true
}

func (s *Store) putEntry(section, key string, e entry) error {
	if s.disk == nil {
		s.setEntry(section, key, e)
		return nil
	}
	value, err := e.encoded()
	if err != nil {
		return fmt.Errorf("encoding %s %q: %w", section, key, err)
	}
	e.seen = s.now().Unix()
	s.mu.Lock()
	s.use(section)
	s.entries[id{section, key}] = e
	s.dirty = true
	s.seq++
	seq := s.seq
	s.mu.Unlock()
	if err := s.disk.record(&Entry{Seq: seq, Section: section, Key: key, Seen: e.seen, Value: value}); err != nil {
		s.unwritable(err)
		return fmt.Errorf("state_file %q: %w", s.disk.path, err)
	}
	return nil
}

// sorted returns the entries to be kept, ordered by name. It forgets the others.
// The caller has s.mu.
func (s *Store) sorted() []named {
	now := s.now()
	for k, e := range s.entries {
		if s.inUse[k.section] {
			e.seen = now.Unix()
			s.entries[k] = e
		}
	}
	since := now.Add(-Keep).Unix()
	maps.DeleteFunc(s.entries, func(_ id, e entry) bool { return e.seen < since })
	list := make([]named, 0, len(s.entries))
	for k, e := range s.entries {
		list = append(list, named{k, e})
	}
	if len(list) > maxEntries {
		slices.SortFunc(list, func(a, b named) int { return cmp.Compare(b.seen, a.seen) })
		for _, e := range list[maxEntries:] {
			delete(s.entries, e.id)
		}
		list = list[:maxEntries]
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.section, b.section), cmp.Compare(a.key, b.key))
	})
	return list
}
