package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// columns is how finely time is divided in the pictures.
const columns = 240

// span is a stretch of columns in one state.
type span struct {
	From, Width int
	Class       smtperr.Class
	Text        string
}

// scale maps time to columns.
type scale struct {
	from, to time.Time
	usual    time.Duration // between two probes, for a target that was probed once
}

// column is the one that begins with or before a time; that of the end is the
// one after the last.
func (s scale) column(at time.Time) int {
	whole := s.to.Sub(s.from)
	if whole <= 0 {
		return 0
	}
	return min(columns, int(float64(columns)*float64(at.Sub(s.from))/float64(whole)))
}

// bar is the same in the coarser pictures of how often something was met.
func (s scale) bar(at time.Time) int { return min(s.column(at)*bars/columns, bars-1) }

// timeline is the state of a target over time. A probe's verdict lasts until
// the next probe; a gap is where one was due and missing. A column that saw
// several shows the failure with the highest number, as the dashboards do.
func (s *series) timeline(over scale) []span {
	if over.usual == 0 { // of a single gather
		last := s.probes[len(s.probes)-1].shown()
		return []span{{0, columns, last, state(last)}}
	}
	const blank = -1
	states := slices.Repeat([]int{blank}, columns)
	due := 2 * min(cmp.Or(s.interval(), over.usual), math.MaxInt64/2)
	for i, p := range s.probes {
		until := p.at.Add(due)
		if i+1 < len(s.probes) && s.probes[i+1].at.Before(until) {
			until = s.probes[i+1].at
		}
		first := min(over.column(p.at), columns-1)
		for c := first; c <= max(first, over.column(until)-1); c++ {
			states[c] = max(states[c], int(p.shown()))
		}
	}
	var spans []span
	for c := 0; c < columns; {
		end := c + 1
		for end < columns && states[end] == states[c] {
			end++
		}
		if states[c] != blank {
			class := smtperr.Class(states[c])
			spans = append(spans, span{c, end - c, class, state(class)})
		}
		c = end
	}
	return spans
}

// state says "ok" where a class says "none".
func state(class smtperr.Class) string {
	if class == smtperr.ClassNone {
		return "ok"
	}
	return class.String()
}

// styleOf is a class's name in the style sheet.
func styleOf(class smtperr.Class) string { return fmt.Sprintf("c%d", class) }

// interval is the usual time between two probes of the target.
func (s *series) interval() time.Duration {
	gaps := make([]time.Duration, 0, len(s.probes))
	for i := 1; i < len(s.probes); i++ {
		gaps = append(gaps, s.probes[i].at.Sub(s.probes[i-1].at))
	}
	if len(gaps) == 0 {
		return 0
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}
