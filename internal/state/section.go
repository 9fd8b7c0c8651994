package state

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Section is the part of a Store that belongs to one component, which chooses the
// format of its content.
type Section struct {
	store *Store
	name  string
}

// Section returns the section of a component. It does not expire while it is in
// use.
func (s *Store) Section(name string) *Section {
	return &Section{store: s, name: name}
}

// Load returns the JSON that was saved last. It is empty before the first Save.
func (x *Section) Load() ([]byte, error) {
	e, _ := x.store.get(x.name, "")
	return slices.Clone(e.value), nil
}

// Save replaces the content of the section, which must be JSON. It is on disk when
// Save returns. If writing fails, Save returns the error, and the content is kept
// in memory and written as soon as possible.
func (x *Section) Save(value []byte) error {
	if !json.Valid(value) {
		return fmt.Errorf("section %q: value is not JSON", x.name)
	}
	return x.store.putEntry(x.name, "", entry{value: slices.Clone(value)})
}
