package mailflow

import (
	"encoding/json"
	"sync"
)

// Section is a place in a store that outlives the process. Save returns when
// the value, which is JSON, is on disk.
type Section interface {
	// Load returns the value, nothing before the first Save.
	Load() ([]byte, error)
	// Save writes the value.
	Save(value []byte) error
}

// record is a part of the ledger that is kept in a section of its own.
type record struct {
	section Section // nil: in memory only
	changes uint64  // guarded by Ledger.mu

	saving sync.Mutex
	saved  uint64 // the changes that are in the section
}

func (r *record) load(to any) error {
	if r.section == nil {
		return nil
	}
	data, err := r.section.Load()
	if err != nil || len(data) == 0 {
		return err
	}
	return json.Unmarshal(data, to)
}

// save writes the result of encode unless the section has it already.
// Concurrent calls share one write.
func (r *record) save(mu *sync.Mutex, encode func() any) error {
	if r.section == nil {
		return nil
	}
	mu.Lock()
	wanted := r.changes
	mu.Unlock()

	r.saving.Lock()
	defer r.saving.Unlock()
	if r.saved >= wanted {
		return nil
	}
	mu.Lock()
	wanted = r.changes
	data, err := json.Marshal(encode())
	mu.Unlock()
	if err != nil {
		return err
	}
	if err := r.section.Save(data); err != nil {
		return err
	}
	r.saved = wanted
	return nil
}
