package check

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// The columns of a waterfall: two spaces, phase, time, two spaces, the bars, a
// space and a reply code.
const (
	phaseWidth = 9
	timeWidth  = 10
	barsColumn = 2 + phaseWidth + timeWidth + 2
	codeWidth  = 4
	minBars    = 10
)

// waterfall draws each phase as a bar that begins where the one before it
// ended, to scale within the width.
func (r *reporter) waterfall(s *summary.Summary) []string {
	var sum time.Duration
	for i := range s.Phases {
		sum += time.Duration(s.Phases[i].Time)
	}
	room := max(minBars, r.width-barsColumn-codeWidth)
	lines := make([]string, 0, len(s.Phases)+1)
	var begin time.Duration
	for i := range s.Phases {
		p := &s.Phases[i]
		took := time.Duration(p.Time)
		bar, left := r.bar(begin, took, sum, room)
		begin += took
		code := ""
		if p.Code != 0 {
			code = " " + strconv.Itoa(p.Code)
		}
		if !p.Complete {
			code += " " + r.glyph.Ellipsis
		}
		lines = append(lines, fmt.Sprintf("  %-*s%*s  %s%s%s",
			phaseWidth, p.Phase, timeWidth, milliseconds(took), strings.Repeat(" ", left), r.paint(s, p)(bar), code))
	}
	return append(lines, fmt.Sprintf("  %-*s%*s", phaseWidth, "total", timeWidth, milliseconds(time.Duration(s.Total))))
}

// paint returns the color of a phase's bar. The phase of the verdict stands out,
// and so does a failure in another phase, such as a refused QUIT.
func (r *reporter) paint(s *summary.Summary, p *summary.Phase) func(string) string {
	switch {
	case s.Failed() && s.Phase == p.Phase && !s.Success:
		return r.color.Bad
	case s.Phase != p.Phase && p.Class != summary.None:
		return r.color.Warn
	}
	return r.color.Good
}

// bar returns the bar of d and the number of columns to its left. A phase that
// is too short for a block is a thin mark.
func (r *reporter) bar(begin, d, sum time.Duration, room int) (bar string, left int) {
	if sum <= 0 {
		return r.glyph.Mark, 0
	}
	scale := float64(room) / float64(sum)
	left = min(int(math.Round(float64(begin)*scale)), room-1)
	blocks := int(math.Round(float64(d) * scale))
	if blocks == 0 {
		return r.glyph.Mark, left
	}
	return strings.Repeat(r.glyph.Block, min(blocks, room-left)), left
}

// milliseconds formats a time for a column of times.
func milliseconds(d time.Duration) string {
	decimals := 1
	if d < 10*time.Millisecond {
		decimals = 2
	}
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', decimals, 64) + " ms"
}

// duration formats a time for a sentence.
func duration(d time.Duration) string {
	if d < time.Second {
		return milliseconds(d)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
