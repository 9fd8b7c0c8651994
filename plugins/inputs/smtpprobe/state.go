package smtpprobe

import (
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// forgetAfter is for how many answers of DNS a target may be missing until what
// is known of it is dropped: servers rotate their answers.
const forgetAfter = 10

// memory is what one target's probes leave to the next. Only one probe of a
// target runs at a time.
type memory struct {
	tags    map[string]string
	missing int // answers of DNS without it

	probed      time.Time // start of the last probe
	failures    int64     // in a row
	skipped     int       // gathers since the last probe, see backoff
	last        outcome   // for the groups
	lastSuccess time.Time
	nextSend    time.Time

	plain, secure   *offer // what the last EHLO before and within TLS offered
	offeredSTARTTLS bool
}

// offer is a set of capabilities, to be compared.
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

// itself is what is known of a relay whose name stands for nothing else. The
// first gather looks it up.
func (r *relay) itself() *memory {
	if len(r.named) == 0 {
		r.stands(r.recall(&r.target))
	}
	return r.named[0]
}

// recall finds what is known of a target, or begins to.
func (r *relay) recall(t *smtpprobe.Target) *memory {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := t.Host + " " + t.IP.String()
	m := r.memory[key]
	if m == nil {
		m = &memory{tags: r.tagsOf(t)}
		r.memory[key] = m
	}
	return m
}

// stands notes what DNS says a relay's name stands for, and drops what it has
// not named for long, so that answers that change do not pile up.
func (r *relay) stands(named ...*memory) {
	present := make(map[*memory]bool, len(named))
	for _, m := range named {
		present[m] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.named = named
	for key, m := range r.memory {
		if present[m] {
			m.missing = 0
		} else if m.missing++; m.missing >= forgetAfter {
			delete(r.memory, key)
		}
	}
}

// learn keeps what a probe found out, and tells whether the relay offers
// something else than before.
func (m *memory) learn(o *observation) (changed bool) {
	m.probed, m.skipped = o.Start, 0
	if o.Expected {
		m.failures = 0
		m.lastSuccess = o.Start.Add(o.Total)
	} else {
		m.failures++
	}
	plain, secure := o.offered, (*offer)(nil)
	cleartext := o.Capabilities
	if o.TLS != nil && o.TLS.Complete {
		plain, secure = newOffer(o.PlainCaps), o.offered
		cleartext = o.PlainCaps
	}
	m.offeredSTARTTLS = m.offeredSTARTTLS || cleartext.Has("STARTTLS")
	changedPlain := differs(&m.plain, plain)
	return differs(&m.secure, secure) || changedPlain
}

// differs compares with what was there before, and keeps what is now.
func differs(before **offer, now *offer) bool {
	if now == nil {
		return false
	}
	was := *before
	*before = now
	return was != nil && *was != *now
}
