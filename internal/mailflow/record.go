package mailflow

import (
	"encoding/json"
	"sync"
)

// Section is a section of a persistent store.
type Section interface {
	// Load returns the last saved value, or nil.
	Load() ([]byte, error)
	// Save writes a JSON value. When it returns, the value is on disk.
	Save(value []byte) error
}

// record is a part of the ledger that is stored in its own section.
type record struct {
	section Section // nil: in memory only
	changes uint64  // guarded by Ledger.mu

	saving sync.Mutex // held during a save
	saved  uint64     // the value of changes at the last save
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

// save writes the result of encode if there are unsaved changes, and then calls
// written. It holds mu during both calls, but not while it writes. Concurrent calls
// share one write.
func (r *record) save(mu *sync.Mutex, encode func() any, written func()) error {
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
	value := encode()
	var data []byte
	var err error
	if r.section != nil {
		data, err = json.Marshal(value)
	}
	mu.Unlock()
	if err != nil {
		return err
	}
	if r.section != nil {
		if err := r.section.Save(data); err != nil {
			return err
		}
	}
	r.saved = wanted
	mu.Lock()
	defer mu.Unlock()
	written()
	return nil
}
