package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// forgetAfter is the number of consecutive DNS answers without a target after which
// its state is dropped. Until then it may return, because servers rotate answers.
const forgetAfter = 10

// targetKey identifies a target of a relay.
type targetKey struct{ host, ip string }

func keyOf(t *smtpprobe.Target) targetKey {
	if !t.IP.IsValid() {
		return targetKey{host: t.Host}
	}
	return targetKey{t.Host, t.IP.String()}
}

// maxValues is the maximum number of values of one probe that may change.
const maxValues = 12

// targetState is the state of one target between probes. Only one probe of a target
// runs at a time.
type targetState struct {
	tags    []tag
	key     string // in the state file
	missing int    // consecutive DNS answers without the target

	probed   time.Time // start of the last probe
	skipped  int       // gathers since the last probe, see backoff
	last     outcome   // for the groups
	nextSend time.Time

	// known is the part that survives a restart. restore reads it.
	known    state.Target
	restored bool
}

func newTargetState(r *relay, t *smtpprobe.Target) *targetState {
	tags := r.tagsOf(t)
	return &targetState{tags: tags, key: stateKey(tags, r.plan.Depth)}
}

// state returns the state of a target of the relay.
func (r *relay) state(t *smtpprobe.Target) *targetState {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyOf(t)
	s := r.states[key]
	if s == nil {
		s = newTargetState(r, t)
		if r.states == nil {
			r.states = make(map[targetKey]*targetState, 1)
		}
		r.states[key] = s
	}
	return s
}

// ownState returns the state of the only target of a relay that does not expand.
func (r *relay) ownState() *targetState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.current) == 0 {
		r.current = []*targetState{newTargetState(r, &r.target)}
	}
	return r.current[0]
}

// setCurrent sets the states of the targets of this gather.
func (r *relay) setCurrent(states ...*targetState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = states
}

// dropMissing removes and returns the states of targets that are missing from too
// many DNS answers, so that changing answers do not fill the memory. own is the
// state of the relay itself, which is never removed.
func (r *relay) dropMissing(own *targetState) []*targetState {
	r.mu.Lock()
	defer r.mu.Unlock()
	present := make(map[*targetState]bool, len(r.current)+1)
	present[own] = true
	for _, s := range r.current {
		present[s] = true
	}
	var dropped []*targetState
	for key, s := range r.states {
		if present[s] {
			s.missing = 0
		} else if s.missing++; s.missing >= forgetAfter {
			delete(r.states, key)
			dropped = append(dropped, s)
		}
	}
	return dropped
}

// update updates the state with the result of a probe and returns the changes.
func (s *targetState) update(o *observation) []change.Change {
	s.probed, s.skipped = o.Start, 0
	s.known.ProbesTotal++
	if o.Expected {
		s.known.Failures = 0
		s.known.LastSuccess = o.Start.Add(o.Total)
	} else {
		s.known.Failures++
		s.known.FailuresTotal++
	}
	plain, encrypted := o.capabilities()
	s.known.OfferedSTARTTLS = s.known.OfferedSTARTTLS || plain.Has("STARTTLS")
	values := make([]change.Value, 0, maxValues)
	values = appendOffers(values, change.Plain, plain)
	values = appendOffers(values, change.Encrypted, encrypted)
	o.changed = s.known.Changes.Differs(values...)
	return s.known.Changes.Observe(o.Start, o.appendOthers(values)...)
}

// skips reports whether a failing target is skipped in this gather, and counts it.
// The number of skipped gathers doubles with every failure, up to the time of the
// setting backoff.
func (s *targetState) skips(backoff time.Duration, now time.Time) bool {
	if backoff <= 0 || s.known.Failures == 0 || now.Sub(s.probed) >= backoff {
		return false
	}
	pause := 1<<min(s.known.Failures-1, 16) - 1
	if s.skipped >= pause {
		return false
	}
	s.skipped++
	return true
}

// sends reports whether a probe of depth send sends a message now, and if so
// schedules the next one. Failed attempts count, so a relay that was down gets one
// message afterwards, not all that it missed.
func (s *targetState) sends(interval time.Duration, now time.Time) bool {
	if now.Add(early(interval)).Before(s.nextSend) {
		return false
	}
	s.nextSend = s.nextSend.Add(interval)
	if s.nextSend.Before(now) {
		s.nextSend = now.Add(interval)
	}
	return true
}

// early returns the time by which a message may be early: a gather that starts a
// little early must not delay the message for a whole interval.
func early(interval time.Duration) time.Duration { return min(interval/10, 5*time.Second) }
