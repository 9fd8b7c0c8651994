package state

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Section is the part of a Store that belongs to one component. Only that
// component knows what is in it.
type Section struct {
	store *Store
	name  string
}

// Section returns a component's section. Entries of a section that is in use
// do not expire.
func (s *Store) Section(name string) *Section {
	return &Section{store: s, name: name}
}

// Load returns what was saved last: JSON, or nothing before the first Save.
func (x *Section) Load() ([]byte, error) {
	e, _ := x.store.get(x.name, "")
	return slices.Clone(e.value), nil
}

// Save replaces what the section holds, which must be JSON. It is on disk when
// Save returns. On an error of the disk it is kept in memory all the same and
// written as soon as possible; a Store without a file has no such error.
func (x *Section) Save(value []byte) error {
	if !json.Valid(value) {
		return fmt.Errorf("section %q: value is not JSON", x.name)
	}
	return x.store.putEntry(x.name, "", entry{value: slices.Clone(value)})
}
