package state

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
)

// targets is the section of the probes' targets.
const targets = "target"

// Target is what is remembered of one target of the probes. The zero value is
// that of a target never seen.
type Target struct {
	Failures        int64         `json:"failures,omitempty"`         // failed probes in a row
	LastSuccess     time.Time     `json:"last_success,omitzero"`      // end of the last successful probe
	LastSent        time.Time     `json:"last_sent,omitzero"`         // when the last message was due to be sent
	OfferedSTARTTLS bool          `json:"offered_starttls,omitempty"` // STARTTLS was offered once
	ProbesTotal     int64         `json:"probes_total,omitempty"`
	FailuresTotal   int64         `json:"failures_total,omitempty"`
	Changes         change.Memory `json:"changes,omitzero"` // what was seen, to compare with
	// Policy is the MTA-STS policy in effect, as package policy encodes it.
	Policy json.RawMessage `json:"policy,omitempty"`
}

// Target returns what is remembered under a key, and false if that is nothing.
// No time in it is later than now, even if the clock was set back since.
func (s *Store) Target(key string) (Target, bool) {
	e, ok := s.get(targets, key)
	if !ok {
		return Target{}, false
	}
	var t Target
	if e.target != nil {
		t = *e.target
	} else if err := json.Unmarshal(e.value, &t); err != nil {
		s.warn(fmt.Sprintf("forgot target %q: %v", key, err))
		return Target{}, false
	}
	now := s.now()
	t.LastSuccess = notAfter(t.LastSuccess, now)
	t.LastSent = notAfter(t.LastSent, now)
	t.Failures, t.ProbesTotal, t.FailuresTotal = max(t.Failures, 0), max(t.ProbesTotal, 0), max(t.FailuresTotal, 0)
	return t, true
}

func notAfter(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

// Set remembers a target in memory. A later Flush, FlushSoon or Close writes it.
func (s *Store) Set(key string, t *Target) {
	target := *t
	s.setEntry(targets, key, entry{target: &target})
}

// Forget drops a target.
func (s *Store) Forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, id{targets, key})
	s.dirty = true
}

// Put remembers a target on disk. If that fails, it is remembered in memory as
// with Set.
func (s *Store) Put(key string, t *Target) error {
	target := *t
	return s.putEntry(targets, key, entry{target: &target})
}
