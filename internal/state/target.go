package state

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
)

// targets is the section of all targets.
const targets = "target"

// Target is the state of one target. The zero value is the state of a target that
// was never probed.
type Target struct {
	Failures        int64         `json:"failures,omitempty"`         // consecutive failed probes
	LastSuccess     time.Time     `json:"last_success,omitzero"`      // end of the last successful probe
	LastSent        time.Time     `json:"last_sent,omitzero"`         // start of the last probe that sends a message
	OfferedSTARTTLS bool          `json:"offered_starttls,omitempty"` // STARTTLS has ever been offered
	ProbesTotal     int64         `json:"probes_total,omitempty"`
	FailuresTotal   int64         `json:"failures_total,omitempty"`
	Changes         change.Memory `json:"changes,omitzero"` // properties to compare with
	// Policy is the MTA-STS policy in effect, as package policy encodes it.
	Policy json.RawMessage `json:"policy,omitempty"`
}

// Target returns the target of a key, and false if there is none. Its times are
// never later than now, even if the clock was set back.
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

// Set stores a target in memory. The next Flush, FlushSoon or Close writes it.
func (s *Store) Set(key string, t *Target) {
	target := *t
	s.setEntry(targets, key, entry{target: &target})
}

// Forget removes a target.
func (s *Store) Forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, id{targets, key})
	s.dirty = true
}

// Put stores a target on disk. If that fails, Put returns the error, and the
// target is stored in memory as by Set.
func (s *Store) Put(key string, t *Target) error {
	target := *t
	return s.putEntry(targets, key, entry{target: &target})
}
