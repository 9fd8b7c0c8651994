package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// columns is the number of columns of the timeline.
const columns = 240

// span is a run of columns with the same state.
type span struct {
	From, Width int
	Class       smtperr.Class
	Text        string
}

// timeAxis maps times to columns.
type timeAxis struct {
	from, to time.Time
	interval time.Duration // between two probes, for a target that was probed once
}

// column returns the column that contains a time, or columns for the end of the
// axis.
func (a timeAxis) column(at time.Time) int {
	length := a.to.Sub(a.from)
	if length <= 0 {
		return 0
	}
	return min(columns, int(float64(columns)*float64(at.Sub(a.from))/float64(length)))
}

// bar returns the index of the bar that contains a time. Bars are wider than
// columns.
func (a timeAxis) bar(at time.Time) int { return min(a.column(at)*bars/columns, bars-1) }

// timeline returns the state of a target over time. The state of a probe lasts
// until the next probe, or until two intervals have passed: then there is a gap. A
// column with several states has that of the failure with the highest number, as in
// the dashboards.
func (s *series) timeline(axis timeAxis) []span {
	if axis.interval == 0 { // a single gather
		last := s.probes[len(s.probes)-1].state()
		return []span{{0, columns, last, stateName(last)}}
	}
	const blank = -1
	states := slices.Repeat([]int{blank}, columns)
	lifetime := 2 * min(cmp.Or(s.interval(), axis.interval), math.MaxInt64/2)
	for i, p := range s.probes {
		until := p.at.Add(lifetime)
		if i+1 < len(s.probes) && s.probes[i+1].at.Before(until) {
			until = s.probes[i+1].at
		}
		first := min(axis.column(p.at), columns-1)
		for c := first; c <= max(first, axis.column(until)-1); c++ {
			states[c] = max(states[c], int(p.state()))
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
			spans = append(spans, span{c, end - c, class, stateName(class)})
		}
		c = end
	}
	return spans
}

// stateName returns the name of a class, with "ok" for ClassNone.
func stateName(class smtperr.Class) string {
	if class == smtperr.ClassNone {
		return "ok"
	}
	return class.String()
}

// cssClass returns the name of a class in the style sheet.
func cssClass(class smtperr.Class) string { return fmt.Sprintf("c%d", class) }

// interval returns the median time between two probes, 0 with a single probe.
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
