package smtpprobe

import (
	"strings"
	"time"

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

// targetState is what the probes of one target leave for the next one. Only one
// probe of a target runs at a time.
type targetState struct {
	tags    []tag
	missing int // DNS answers in a row without the target

	probed      time.Time // start of the last probe
	failures    int64     // in a row
	skipped     int       // gathers since the last probe, see backoff
	last        outcome   // for the groups
	lastSuccess time.Time
	nextSend    time.Time

	plain, secure   *offer // in the last EHLO before and within TLS
	offeredSTARTTLS bool
}

// offer is a set of capabilities in a form that can be compared.
type offer struct {
	extensions, mechanisms string
	size                   int64
	hasSize                bool
}

func newOffer(c *smtpprobe.Capabilities) *offer {
	if c == nil {
		return nil
	}
	return &offer{strings.Join(c.Keywords(), ","), strings.Join(c.Auth, ","), c.Size, c.HasSize}
}

// state returns what is known of a target. The first call makes it.
func (r *relay) state(t *smtpprobe.Target) *targetState {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyOf(t)
	s := r.states[key]
	if s == nil {
		s = &targetState{tags: r.tagsOf(t)}
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
		r.current = []*targetState{{tags: r.tagsOf(&r.target)}}
	}
	return r.current[0]
}

// setCurrent takes the states of the targets that DNS has now. It drops those of
// targets that have been missing for long, so that changing answers do not fill
// the memory.
func (r *relay) setCurrent(states ...*targetState) {
	present := make(map[*targetState]bool, len(states))
	for _, s := range states {
		present[s] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = states
	for key, s := range r.states {
		if present[s] {
			s.missing = 0
		} else if s.missing++; s.missing >= forgetAfter {
			delete(r.states, key)
		}
	}
}

// update takes over the findings of a probe, and reports whether the target
// offers other capabilities than before.
func (s *targetState) update(o *observation) (changed bool) {
	s.probed, s.skipped = o.Start, 0
	if o.Expected {
		s.failures = 0
		s.lastSuccess = o.Start.Add(o.Total)
	} else {
		s.failures++
	}
	plain, secure := o.offered, (*offer)(nil)
	cleartext := o.Capabilities
	if o.TLS != nil && o.TLS.Complete {
		plain, secure = newOffer(o.PlainCaps), o.offered
		cleartext = o.PlainCaps
	}
	s.offeredSTARTTLS = s.offeredSTARTTLS || cleartext.Has("STARTTLS")
	changedPlain := replace(&s.plain, plain)
	return replace(&s.secure, secure) || changedPlain
}

// replace puts a new offer in the place of the old one, and reports whether both
// are known and differ.
func replace(at **offer, now *offer) bool {
	if now == nil {
		return false
	}
	before := *at
	*at = now
	return before != nil && *before != *now
}

// skips reports whether a target that fails is skipped in this gather, and
// counts that. The pause doubles with every failure, counted in gathers, up to
// the setting backoff.
func (s *targetState) skips(backoff time.Duration, now time.Time) bool {
	if backoff <= 0 || s.failures == 0 || now.Sub(s.probed) >= backoff {
		return false
	}
	pause := 1<<min(s.failures-1, 16) - 1
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
	// A gather may come a little early, which must not delay a message for a
	// whole interval.
	early := min(interval/10, 5*time.Second)
	if now.Add(early).Before(s.nextSend) {
		return false
	}
	s.nextSend = s.nextSend.Add(interval)
	if s.nextSend.Before(now) {
		s.nextSend = now.Add(interval)
	}
	return true
}
