package state

import "fmt"

// Document is all that a Store remembers, for a host that stores it itself. Its
// JSON has the same entries as the file.
type Document struct {
	Version int     `json:"version"`
	Entries []Entry `json:"entries"`
}

// Document returns what the Store remembers.
func (s *Store) Document() Document {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Document{Version: version, Entries: s.sorted()}
}

// Restore remembers what a document says, but for what is remembered already.
// The zero Document says nothing.
func (s *Store) Restore(d Document) error {
	if d.Version > version {
		return fmt.Errorf("state has version %d, and this program reads version %d", d.Version, version)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for i := range d.Entries {
		e := &d.Entries[i]
		if _, known := s.entries[id{e.Section, e.Key}]; !known && e.Seen >= now.Add(-Keep).Unix() {
			s.entries[id{e.Section, e.Key}] = entry{min(e.Seen, now.Unix()), e.Value}
			s.dirty = true
		}
	}
	return nil
}
