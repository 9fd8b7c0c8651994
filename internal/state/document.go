package state

import "fmt"

// Document is the content of a Store, for a host that stores it itself. Its JSON
// has the same entries as the file.
type Document struct {
	Version int     `json:"version"`
	Entries []Entry `json:"entries"`
}

// Document returns the content of the Store.
func (s *Store) Document() Document {
	s.mu.Lock()
	list := s.sorted()
	s.mu.Unlock()
	d := Document{Version: version, Entries: make([]Entry, 0, len(list))}
	for i := range list {
		if e, err := list[i].line(); err == nil {
			d.Entries = append(d.Entries, e)
		}
	}
	return d
}

// Restore adds the entries of a document that the Store does not have. A document
// of a later version is an error; the zero Document adds nothing.
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
			s.entries[id{e.Section, e.Key}] = entry{seen: min(e.Seen, now.Unix()), value: e.Value}
			s.dirty = true
		}
	}
	return nil
}
