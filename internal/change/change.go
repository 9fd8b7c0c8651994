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
	"unique"
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

// Value is what a thing was at one sight. Text and Set make one. Most values are
// the same as at the last sight: the form in which they are kept is made only if
// it is needed.
type Value struct {
	key   key
	set   bool
	sum   sum
	text  string
	items []string // of a set: sorted, each once
}

type key struct {
	what  What
	layer Layer
}

// value is a value as it is kept. Thousands of relays have the same values, so
// that each is in memory once.
type value struct {
	sum  string // of the whole value
	text string // escaped and bounded
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
	items = unrepeated(items)
	return Value{key: key{what, layer}, set: true, sum: checksum(items...), items: items}
}

// unrepeated is a sorted list with each item once.
func unrepeated(sorted []string) []string {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return slices.Compact(slices.Clone(sorted))
		}
	}
	return sorted
}

// kept is the value in the form in which it is kept.
func (v *Value) kept() unique.Handle[value] {
	text := escaped(v.text)
	if v.set {
		members := make([]string, len(v.items))
		for i, item := range v.items {
			members[i] = strings.ReplaceAll(escaped(item), ",", `\x2c`)
		}
		slices.Sort(members)
		text = strings.Join(members, ",")
	}
	return unique.Make(value{string(v.sum[:]), bounded(text)})
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
	key        unique.Handle[key]
	last       sight
	earlier    []sight // the latest first
	quietUntil seconds // 0: not quiet
}

// sight is a value and when it was last seen.
type sight struct {
	value unique.Handle[value]
	at    seconds
}

// is reports whether a value was seen.
func (s sight) is(v Value) bool { return s.value.Value().sum == string(v.sum[:]) }

// seconds are a time since 1970, as it is stored.
type seconds int64

func (s seconds) afterWindow() seconds { return s + seconds(Window/time.Second) }

// Differs reports whether one of the values is another than at the last sight
// of its thing, known or not. It remembers nothing.
func (m *Memory) Differs(values ...Value) bool {
	return slices.ContainsFunc(values, func(v Value) bool {
		i := m.find(v.key)
		return i >= 0 && !m.tracks[i].last.is(v)
	})
}

// Observe remembers the values and returns what changed, in the order of the
// values.
func (m *Memory) Observe(at time.Time, values ...Value) []Change {
	now := seconds(at.Unix())
	added := 0
	for _, v := range values {
		if m.find(v.key) < 0 {
			added++
		}
	}
	m.tracks = append(make([]track, 0, len(m.tracks)+added), m.tracks...)
	var changes []Change
	for _, v := range values {
		i := m.find(v.key)
		if i < 0 {
			m.tracks = append(m.tracks, track{key: unique.Make(v.key), last: sight{v.kept(), now}})
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
	return slices.IndexFunc(m.tracks, func(t track) bool { return t.key.Value() == k })
}

func (t *track) observe(now seconds, v Value) (Change, bool) {
	if t.last.is(v) && len(t.earlier) == 0 {
		t.last.at, t.quietUntil = now, min(t.quietUntil, now.afterWindow())
		return Change{}, false
	}
	last := t.last
	known := t.remember(now, v)
	c := Change{What: v.key.what, Layer: v.key.layer, Before: last.value.Value().text, After: t.last.value.Value().text}
	switch {
	case known, now < t.quietUntil:
		return Change{}, false
	case 1+len(t.earlier) > MaxValues:
		t.quietUntil = now.afterWindow()
		c.After = Volatile
	case v.set:
		c.Added, c.Removed = difference(c.Before, c.After)
	}
	return c, true
}

// remember makes a value the one seen last, and reports whether it was known.
// One value more than MaxValues is kept, so that a thing that is still volatile
// after its silence is found to be so at once.
func (t *track) remember(now seconds, v Value) (known bool) {
	var earlier []sight
	for i, s := range t.sights() {
		s.at = min(s.at, now) // the clock may be set back
		fresh := now < s.at.afterWindow()
		switch {
		case s.is(v):
			known = fresh || i == 0
		case fresh && len(earlier) < MaxValues:
			earlier = append(earlier, s)
		}
	}
	t.last, t.earlier = sight{v.kept(), now}, earlier
	t.quietUntil = min(t.quietUntil, now.afterWindow()) // the same
	return known
}

// sights are the values of a thing, the one seen last first.
func (t *track) sights() []sight { return slices.Concat([]sight{t.last}, t.earlier) }
