// Package change finds what differs between two sights of a relay: another
// greeting name, an extension that is gone, a new certificate.
//
// A caller keeps one [Memory] per target. After each probe it says what it saw,
// one [Value] per thing it knows, and gets a [Change] for each that differs:
//
//	changes := memory.Observe(now,
//		change.Text(change.GreetingHost, change.Plain, "mx1.example.org"),
//		change.Set(change.Extensions, change.Plain, []string{"PIPELINING", "SIZE"}),
//	)
//
// What was not seen is left out, so that a probe that fails before EHLO says
// nothing about the extensions. The first sight of a thing is no change.
//
// A name may lead to several machines. Therefore a value that was seen within
// the last [Window] is known and no change, and a thing with more than
// [MaxValues] values within that time is volatile: one Change says so, then
// there is none for another Window.
//
// Values come from the network. They are escaped and bounded before they are
// kept or returned, and a Memory of any age has a bounded size. The time is
// always passed in; a clock that is set back makes nothing last longer than it
// would have.
package change

import (
	"slices"
	"strings"
	"time"
)

const (
	// Window is how long a value stays known after it was last seen, and how
	// long a volatile thing is silent.
	Window = 24 * time.Hour
	// MaxValues is how many values a thing may have within a Window before it
	// is volatile.
	MaxValues = 8
	// Volatile is Change.After of the one change that says so.
	Volatile = "volatile"
)

// What names a thing that can change.
type What string

// The things that are compared. Those marked as sets have no order.
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

// Layer says on which side of TLS a value was seen. A thing is only compared
// with what was seen of it in the same layer.
type Layer string

// The two layers.
const (
	Plain     Layer = "plain"
	Encrypted Layer = "tls"
)

// Value is what a thing was at one sight. Text and Set make one.
type Value struct {
	key key
	set bool
	sum string // of the whole value
	val string // escaped and bounded
}

type key struct {
	what  What
	layer Layer
}

// Text returns a value that is one text.
func Text(what What, layer Layer, text string) Value {
	return Value{key: key{what, layer}, sum: checksum(text), val: bounded(escaped(text))}
}

// Set returns a value that is a set: neither order nor repetition counts.
func Set(what What, layer Layer, items []string) Value {
	whole := slices.Clone(items)
	slices.Sort(whole)
	whole = slices.Compact(whole)
	members := make([]string, len(whole))
	for i, item := range whole {
		members[i] = strings.ReplaceAll(escaped(item), ",", `\x2c`)
	}
	slices.Sort(members)
	return Value{
		key: key{what, layer}, set: true,
		sum: checksum(strings.Join(whole, "\x00")), val: bounded(strings.Join(members, ",")),
	}
}

// Change is a thing that became something else. Each text is escaped and at
// most 1024 bytes long; one that was longer ends in "...".
type Change struct {
	What   What
	Layer  Layer
	Before string // the value seen last
	After  string // the value seen now, or Volatile
	// Added and Removed are the differing members of a set, comma-separated
	// and sorted; both are empty for a text.
	Added, Removed string
}

// Memory is what was seen of one target. The zero value has seen nothing. A copy
// is independent: nothing that two of them share is ever changed.
type Memory struct {
	tracks []track
}

// track is the memory of one thing.
type track struct {
	key        key
	values     []sight // the one seen last comes first; there is one
	quietUntil time.Time
}

// sight is a value and when it was last seen.
type sight struct {
	sum, val string
	at       time.Time
}

// Differs reports whether one of the values is another than at the last sight
// of its thing, known or not. It remembers nothing.
func (m *Memory) Differs(values ...Value) bool {
	return slices.ContainsFunc(values, func(v Value) bool {
		i := m.find(v.key)
		return i >= 0 && m.tracks[i].values[0].sum != v.sum
	})
}

// Observe remembers the values and returns what changed, in the order of the
// values.
func (m *Memory) Observe(now time.Time, values ...Value) []Change {
	now = now.Truncate(time.Second) // as it is stored
	m.tracks = append(make([]track, 0, len(m.tracks)+len(values)), m.tracks...)
	var changes []Change
	for _, v := range values {
		i := m.find(v.key)
		if i < 0 {
			m.tracks = append(m.tracks, track{key: v.key, values: []sight{{v.sum, v.val, now}}})
			continue
		}
		if c, changed := m.tracks[i].observe(now, v); changed {
			changes = append(changes, c)
		}
	}
	return changes
}

// find returns the index of a thing's track, or -1. There are a few only.
func (m *Memory) find(k key) int {
	return slices.IndexFunc(m.tracks, func(t track) bool { return t.key == k })
}

func (t *track) observe(now time.Time, v Value) (Change, bool) {
	last := t.values[0]
	known := t.remember(now, v)
	switch {
	case known, now.Before(t.quietUntil):
		return Change{}, false
	case len(t.values) > MaxValues:
		t.quietUntil = now.Add(Window)
		return Change{What: v.key.what, Layer: v.key.layer, Before: last.val, After: Volatile}, true
	}
	c := Change{What: v.key.what, Layer: v.key.layer, Before: last.val, After: v.val}
	if v.set {
		c.Added, c.Removed = difference(c.Before, c.After)
	}
	return c, true
}

// remember makes a value the one seen last, and reports whether it was known.
// One value more than MaxValues is kept, so that a thing that is still volatile
// after its silence is found to be so at once.
func (t *track) remember(now time.Time, v Value) (known bool) {
	values := append(make([]sight, 0, min(len(t.values), MaxValues)+1), sight{v.sum, v.val, now})
	for i, s := range t.values {
		if s.at.After(now) { // the clock was set back
			s.at = now
		}
		fresh := now.Sub(s.at) < Window
		switch {
		case s.sum == v.sum:
			known = fresh || i == 0
		case fresh && len(values) <= MaxValues:
			values = append(values, s)
		}
	}
	t.values = values
	if end := now.Add(Window); t.quietUntil.After(end) { // the same
		t.quietUntil = end
	}
	return known
}
