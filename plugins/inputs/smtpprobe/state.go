package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// forgetAfter is the number of DNS answers without a target after which its
// state is dropped: servers rotate their answers.
const forgetAfter = 10

// targetKey identifies a target among those of its relay.
type targetKey struct{ host, ip string }

func keyOf(t *smtpprobe.Target) targetKey {
	if !t.IP.IsValid() {
		return targetKey{host: t.Host}
	}
	return targetKey{t.Host, t.IP.String()}
}

// maxValues is the most values of one probe that may change.
const maxValues = 12

// targetState is what the probes of one target leave for the next one. Only one
// probe of a target runs at a time.
type targetState struct {
	tags    []tag
	key     string // in the state file
	missing int    // DNS answers in a row without the target

	probed   time.Time // start of the last probe
	skipped  int       // gathers since the last probe, see backoff
	last     outcome   // for the groups
	nextSend time.Time

	// known is what outlives a restart. recall reads it.
	known    state.Target
	recalled bool
}

func newTargetState(r *relay, t *smtpprobe.Target) *targetState {
	tags := r.tagsOf(t)
	return &targetState{tags: tags, key: stateKey(tags, r.plan.Depth)}
}

// state returns what is known of a target. The first call makes it.
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

// ownState is the state of a relay that is its own only target.
func (r *relay) ownState() *targetState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.current) == 0 {
		r.current = []*targetState{newTargetState(r, &r.target)}
	}
	return r.current[0]
}

// setCurrent takes the states of the targets of this gather.
func (r *relay) setCurrent(states ...*targetState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = states
}

// dropMissing drops the states of targets that have been missing from DNS
// answers for long, so that changing answers do not fill the memory, and returns
// them. own is that of the relay itself, which is in no answer.
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

// update takes over the findings of a probe, and returns what is different now.
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

// skips reports whether a target that fails is skipped in this gather, and
// counts that. The pause doubles with every failure, counted in gathers, up to
// the setting backoff.
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

// sends reports whether a probe of depth send sends its message now, and if so
// plans the next message. The plan moves on with each attempt: a relay that was
// down gets one message when it is back, not all those it missed.
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

// early is how much too early a message may be sent: a gather that comes before
// its time must not delay the message for a whole interval.
func early(interval time.Duration) time.Duration { return min(interval/10, 5*time.Second) }
