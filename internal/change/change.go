// Package change detects what changed at a relay between two probes: another
// greeting name, a missing extension, a new certificate.
//
// A caller keeps one [Memory] per target. After each probe it passes one [Value]
// for each property that the probe observed, and gets a [Change] for each
// property that has another value than before:
//
//	changes := memory.Observe(now,
//		change.Text(change.GreetingHost, change.Plain, "mx1.example.org"),
//		change.Set(change.Extensions, change.Plain, []string{"PIPELINING", "SIZE"}),
//	)
//
// A property that was not observed is not passed, so a probe that fails before
// EHLO changes nothing about the extensions. The first value of a property is
// not a change.
//
// A name may lead to several machines. Therefore a value that was observed
// within the last [Window] is known, and its return is not a change. A property
// with more than [MaxValues] values within that time is volatile: one Change
// reports that, and no other follows for another Window.
//
// Values come from the network. They are escaped and truncated before they are
// stored or returned, and the size of a Memory is bounded. The time is always a
// parameter; setting the clock back does not extend a period.
package change

import (
	"slices"
	"strings"
	"time"
	"unique"
)

const (
	// Window is how long a value stays known after it was last observed, and how
	// long no changes of a volatile property are reported.
	Window = 24 * time.Hour
	// MaxValues is the number of values that a property may have within a Window
	// before it is volatile.
	MaxValues = 8
	// Volatile is Change.After of the change that reports a volatile property.
	Volatile = "volatile"
)

// What names a property that can change.
type What string

// The properties that are compared. The order of a set does not count.
const (
	GreetingHost What = "greeting_host" // first word of the greeting
	Extensions   What = "extensions"    // set of EHLO keywords
	Auth         What = "auth"          // set of SASL mechanisms
	Size         What = "size"          // SIZE, bytes
	Limits       What = "limits"        // set of LIMITS parameters, RFC 9422
	Certificate  What = "certificate"   // fingerprint of the leaf
	TLS          What = "tls"           // version, cipher suite and key exchange group
	Addresses    What = "addresses"     // set of IP addresses
	MX           What = "mx"            // set of MX hosts
)

// Layer states whether a value was observed before or within TLS. A property has
// separate values in both layers.
type Layer string

// The two layers.
const (
	Plain     Layer = "plain"
	Encrypted Layer = "tls"
)

// Value is the value of a property in one probe, made by Text or Set. Since most
// values are the same as in the last probe, the form in which a value is stored
// is computed only when it is needed.
type Value struct {
	key   key
	set   bool
	sum   sum
	text  string
	items []string // of a set: sorted and unique
}

type key struct {
	what  What
	layer Layer
}

// value is the stored form of a Value. Thousands of relays have the same values,
// so each value is in memory only once.
type value struct {
	sum  string // of the value before it was truncated
	text string // escaped and truncated
}

// Text returns a value that is one text.
func Text(what What, layer Layer, text string) Value {
	return Value{key: key{what, layer}, sum: checksum(text), text: text}
}

// Set returns a value that is a set: neither order nor repetition counts.
func Set(what What, layer Layer, items []string) Value {
	if !slices.IsSorted(items) {
		items = slices.Clone(items)
		slices.Sort(items)
	}
	items = withoutDuplicates(items)
	return Value{key: key{what, layer}, set: true, sum: checksum(items...), items: items}
}

// withoutDuplicates returns the unique items of a sorted list, which it does not
// modify.
func withoutDuplicates(sorted []string) []string {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return slices.Compact(slices.Clone(sorted))
		}
	}
	return sorted
}

// stored returns the stored form of v.
func (v *Value) stored() unique.Handle[value] {
	text := escaped(v.text)
	if v.set {
		members := make([]string, len(v.items))
		for i, item := range v.items {
			members[i] = strings.ReplaceAll(escaped(item), ",", `\x2c`)
		}
		slices.Sort(members)
		text = strings.Join(members, ",")
	}
	return unique.Make(value{string(v.sum[:]), truncated(text)})
}

// Change is a property that has another value than before. Each text is escaped
// and at most 1024 bytes long; a longer one is truncated and ends in "...".
type Change struct {
	What   What
	Layer  Layer
	Before string // the previous value
	After  string // the current value, or Volatile
	// Added and Removed are the members of a set that Before or After lacks,
	// comma-separated and sorted. Both are empty for a text.
	Added, Removed string
}

// Memory holds the values observed at one target. The zero value is empty and
// ready to use. A copy is independent, because data that copies share is never
// modified.
type Memory struct {
	histories []history
}

// history holds the values of one property.
type history struct {
	key        unique.Handle[key]
	last       observation
	earlier    []observation // the latest first
	quietUntil seconds       // no changes are reported before; 0: not volatile
}

// observation is a value and the last time when it was observed.
type observation struct {
	value unique.Handle[value]
	at    seconds
}

// is reports whether v is the observed value.
func (o observation) is(v Value) bool { return o.value.Value().sum == string(v.sum[:]) }

// seconds is a stored time: seconds since 1970.
type seconds int64

func (s seconds) afterWindow() seconds { return s + seconds(Window/time.Second) }

// Differs reports whether one of the values differs from the last value of its
// property, even if it is known. It does not modify the Memory.
func (m *Memory) Differs(values ...Value) bool {
	return slices.ContainsFunc(values, func(v Value) bool {
		i := m.find(v.key)
		return i >= 0 && !m.histories[i].last.is(v)
	})
}

// Observe records the values and returns the changes, in the order of the
// values.
func (m *Memory) Observe(at time.Time, values ...Value) []Change {
	now := seconds(at.Unix())
	added := 0
	for _, v := range values {
		if m.find(v.key) < 0 {
			added++
		}
	}
	m.histories = append(make([]history, 0, len(m.histories)+added), m.histories...)
	var changes []Change
	for _, v := range values {
		i := m.find(v.key)
		if i < 0 {
			m.histories = append(m.histories, history{key: unique.Make(v.key), last: observation{v.stored(), now}})
			continue
		}
		if c, changed := m.histories[i].observe(now, v); changed {
			changes = append(changes, c)
		}
	}
	return changes
}

// find returns the index of a property's history, or -1. There are at most a
// few.
func (m *Memory) find(k key) int {
	return slices.IndexFunc(m.histories, func(h history) bool { return h.key.Value() == k })
}

// observe records a value and returns the change, if it is one to report.
func (h *history) observe(now seconds, v Value) (Change, bool) {
	if h.last.is(v) && len(h.earlier) == 0 {
		h.last.at, h.quietUntil = now, min(h.quietUntil, now.afterWindow())
		return Change{}, false
	}
	last := h.last
	known := h.record(now, v)
	c := Change{What: v.key.what, Layer: v.key.layer, Before: last.value.Value().text, After: h.last.value.Value().text}
	switch {
	case known, now < h.quietUntil:
		return Change{}, false
	case 1+len(h.earlier) > MaxValues:
		h.quietUntil = now.afterWindow()
		c.After = Volatile
	case v.set:
		c.Added, c.Removed = difference(c.Before, c.After)
	}
	return c, true
}

// record makes v the last value and reports whether it was known. It keeps one
// value more than MaxValues, so that a property that is still volatile at the
// end of its quiet period is recognized at once.
func (h *history) record(now seconds, v Value) (known bool) {
	var earlier []observation
	for i, o := range h.observations() {
		o.at = min(o.at, now) // the clock may have been set back
		fresh := now < o.at.afterWindow()
		switch {
		case o.is(v):
			known = fresh || i == 0
		case fresh && len(earlier) < MaxValues:
			earlier = append(earlier, o)
		}
	}
	h.last, h.earlier = observation{v.stored(), now}, earlier
	h.quietUntil = min(h.quietUntil, now.afterWindow()) // the clock again
	return known
}

// observations returns all values of the property, the last one first.
func (h *history) observations() []observation {
	return slices.Concat([]observation{h.last}, h.earlier)
}
