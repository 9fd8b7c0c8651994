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

// Keep is how long an entry is kept after its last change.
const Keep = 7 * 24 * time.Hour

// Options of a Store. The zero value works.
type Options struct {
	// Warn, if not nil, is called with one line of text when reading or writing the
	// file fails, but not for further failed writes until one succeeds.
	Warn func(text string)
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Wait is how long Open waits for another process to release the file, 5 s by
	// default.
	Wait time.Duration
	// WriteLimit is how long Put and Save wait for the disk, 500 ms by default.
	WriteLimit time.Duration
}

// Store holds the state of all targets and sections. It is safe for concurrent
// use. Only Flush and Close may wait long for the disk.
type Store struct {
	now   func() time.Time
	warn  func(string)
	disk  *disk // nil: in memory only
	users int   // of a shared Store; guarded by open.mu

	mu      sync.Mutex // never held during disk operations
	entries map[id]entry
	inUse   map[string]bool // sections that do not expire
	dirty   bool            // the entries differ from the snapshot
	seq     uint64          // of the last durable write
	problem string
	failing bool // the problem is a failed write, and was logged

	writing    sync.Mutex // held while a snapshot is written
	background struct {   // state of FlushSoon
		sync.Mutex
		running, again bool
	}
}

type id struct{ section, key string }

// entry is a target or the JSON of any other value. A target is encoded when it
// is written, which may be once for many probes, or never.
type entry struct {
	seen   int64           // Unix seconds
	target *Target         // immutable; nil: value is set
	value  json.RawMessage // immutable
}

func (e *entry) encoded() (json.RawMessage, error) {
	if e.target == nil {
		return e.value, nil
	}
	return json.Marshal(e.target)
}

// named is an entry with its name.
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

// open holds the Stores of this process by path.
var open = struct {
	mu     sync.Mutex
	stores map[string]*Store
}{stores: make(map[string]*Store)}

// Open returns the Store of a file, which need not exist. Callers in this process
// that pass the same path share one Store, with the options of the first caller,
// and each must Close it. Open waits for another process that uses the file; it
// fails only if that does not release the file in time or ctx ends.
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
		s.writeFailed(err)
	}
	s.load()
	s.users = 1
	open.stores[name] = s
	return s, nil
}

// resolve returns the same path for all names of a file.
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

// Close writes all changes and releases the file. If the Store has other users, it
// only writes. The context limits the wait for the disk.
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

// Problem returns the last error of reading or writing the file, in one line. It
// is empty after a successful write.
func (s *Store) Problem() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// readFailed records and logs an error of reading the files.
func (s *Store) readFailed(err error) {
	s.mu.Lock()
	s.problem = fmt.Sprintf("state_file %q: %v", s.disk.path, err)
	text := s.problem
	s.mu.Unlock()
	s.warn(text)
}

// writeFailed records an error of writing the files. It logs only the first of
// several consecutive errors.
func (s *Store) writeFailed(err error) {
	s.mu.Lock()
	s.problem = fmt.Sprintf("state_file %q: %v", s.disk.path, err)
	text, logged := s.problem, s.failing
	s.failing = true
	s.mu.Unlock()
	if !logged {
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

// use keeps the section of a component from expiring. Targets expire one by one.
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
		s.writeFailed(err)
		return fmt.Errorf("state_file %q: %w", s.disk.path, err)
	}
	return nil
}

// sorted removes expired entries and returns the others, sorted by name. The
// caller holds s.mu.
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
