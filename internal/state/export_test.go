package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// WriteMany writes a snapshot of n targets, all changed at the same time.
func WriteMany(path string, n int, seen time.Time) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	entries := make([]named, n)
	value := json.RawMessage(`{"failures":1,"last_success":"2026-03-01T12:00:00Z","probes_total":1}`)
	for i := range entries {
		entries[i] = named{id{targets, fmt.Sprintf("mx%07d.example.org", i)}, entry{seen: seen.Unix(), value: value}}
	}
	return writeSnapshot(file, header{Version: version, Entries: n}, entries)
}

// CountSnapshot returns the number of entries in a snapshot.
func CountSnapshot(data []byte) (n int, err error) {
	_, err = readSnapshot(bytes.NewReader(data), time.Unix(0, 0), func(*Entry) { n++ })
	return n, err
}

// CountJournal returns the number of valid bytes and of records of a journal.
func CountJournal(data []byte) (valid int64, n int, err error) {
	j, err := readJournal(bytes.NewReader(data), func(*Entry) { n++ })
	return j.valid, n, err
}

// Hang makes the disk of a Store hang until end is called.
func (s *Store) Hang() (end func()) {
	s.disk.mu.Lock()
	return s.disk.mu.Unlock
}
