package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// The columns of a waterfall beside its bars: two spaces, phase, time, two
// spaces and, after the bars, a space and a reply code.
const (
	phaseWidth = 9
	timeWidth  = 10
	bars       = 2 + phaseWidth + timeWidth + 2
	codeWidth  = 4
	minBars    = 20
)

// waterfall draws each phase as a bar that begins where the one before it
// ended, to scale within the width.
func (r *reporter) waterfall(s *summary.Summary) []string {
	var sum time.Duration
	for i := range s.Phases {
		sum += time.Duration(s.Phases[i].Time)
	}
	room := max(minBars, r.width-bars-codeWidth)
	lines := make([]string, 0, len(s.Phases)+1)
	var begin time.Duration
	for i := range s.Phases {
		p := &s.Phases[i]
		took := time.Duration(p.Time)
		bar, left := bar(begin, took, sum, room)
		begin += took
		code := ""
		if p.Code != 0 {
			code = " " + strconv.Itoa(p.Code)
		}
		if !p.Complete {
			code += " …"
		}
		lines = append(lines, fmt.Sprintf("  %-*s%*s  %s%s%s",
			phaseWidth, p.Phase, timeWidth, milliseconds(took), strings.Repeat(" ", left), r.paint(s, p)(bar), code))
	}
	return append(lines, fmt.Sprintf("  %-*s%*s", phaseWidth, "total", timeWidth, milliseconds(time.Duration(s.Total))))
}

// paint colors the bar of a phase: the phase of the verdict stands out, and so
// does one with a failure that did not decide.
func (r *reporter) paint(s *summary.Summary, p *summary.Phase) func(string) string {
	switch {
	case s.Failed() && s.Phase == p.Phase && s.Success:
		return r.color.Good
	case s.Failed() && s.Phase == p.Phase:
		return r.color.Bad
	case p.Class != summary.None:
		return r.color.Odd
	}
	return r.color.Good
}

// bar is the bar of d and the columns to its left. A phase that is too short to
// show is still a mark.
func bar(begin, d, sum time.Duration, room int) (drawn string, left int) {
	if sum <= 0 {
		return "▏", 0
	}
	scale := float64(room) / float64(sum)
	left = min(int(math.Round(float64(begin)*scale)), room-1)
	cells := int(math.Round(float64(d) * scale))
	if cells == 0 {
		return "▏", left
	}
	return strings.Repeat("█", min(cells, room-left)), left
}

func milliseconds(d time.Duration) string {
	decimals := 1
	if d < 10*time.Millisecond {
		decimals = 2
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', decimals, 64) + " ms"
}
