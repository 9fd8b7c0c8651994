package report

import (
	"cmp"
	"maps"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// replyView is a row of the table of decisive reply codes, of successes and of
// failures.
type replyView struct {
	Code   int16 // 0: no reply decided
	Count  int
	Share  float64         // percent of all probes
	Phases []smtperr.Phase // of the failures
	Relays []string
	Bars   []replyBar
}

// replyBar counts a reply code in one interval, with its bar in the units of the
// chart.
type replyBar struct {
	X, Count  int
	Y, Height float64
}

// replyCount counts the probes that one reply code decided.
type replyCount struct {
	total    int
	overTime [bars]int
	phases   map[smtperr.Phase]bool
	relays   []string
}

// replies returns the decisive reply codes in numerical order. The chart of each
// has a scale of its own.
func replies(all []*series, axis timeAxis) []replyView {
	counts := make(map[int16]*replyCount)
	total := 0
	for _, s := range all {
		for _, p := range s.probes {
			c := counts[p.code]
			if c == nil {
				c = &replyCount{phases: make(map[smtperr.Phase]bool)}
				counts[p.code] = c
			}
			c.overTime[axis.bar(p.at)]++
			c.total++
			total++
			// Targets are sorted by relay.
			if last := len(c.relays) - 1; last < 0 || c.relays[last] != s.id.relay {
				c.relays = append(c.relays, s.id.relay)
			}
		}
		for f := range s.failed {
			counts[f.code].phases[smtperr.Phase(f.phase)] = true
		}
	}
	views := make([]replyView, 0, len(counts))
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		c := counts[code]
		views = append(views, replyView{
			Code: code, Count: c.total, Share: 100 * float64(c.total) / float64(total),
			Phases: inSessionOrder(c.phases), Relays: c.relays, Bars: c.bars(),
		})
	}
	return views
}

func (c *replyCount) bars() []replyBar {
	var drawn []replyBar
	peak := slices.Max(c.overTime[:])
	for x, n := range c.overTime {
		if n > 0 {
			height := barHeight * float64(n) / float64(peak)
			drawn = append(drawn, replyBar{x, n, barHeight - height, height})
		}
	}
	return drawn
}

// inSessionOrder sorts phases as they follow each other in a session, unknown names
// last.
func inSessionOrder(phases map[smtperr.Phase]bool) []smtperr.Phase {
	position := func(p smtperr.Phase) int {
		if i := slices.Index(sessionOrder, p); i >= 0 {
			return i
		}
		return len(sessionOrder)
	}
	return slices.SortedFunc(maps.Keys(phases), func(a, b smtperr.Phase) int {
		return cmp.Or(cmp.Compare(position(a), position(b)), cmp.Compare(a, b))
	})
}
