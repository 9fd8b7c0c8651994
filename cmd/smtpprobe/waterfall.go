package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
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
// ended, to scale within width columns.
func waterfall(r *smtpprobe.Result, width int, colour palette) []string {
	var sum time.Duration
	for i := range r.Phases {
		sum += r.Phases[i].Duration
	}
	room := max(minBars, width-bars-codeWidth)
	lines := make([]string, 0, len(r.Phases)+1)
	var begin time.Duration
	for i := range r.Phases {
		p := &r.Phases[i]
		bar, left := bar(begin, p.Duration, sum, room)
		begin += p.Duration

		paint, code := colour.good, ""
		if p.Code != 0 {
			code = " " + strconv.Itoa(p.Code)
		}
		if p.Err != nil {
			paint = colour.odd // it did not decide
		}
		if r.Err != nil && r.Err.Phase == p.Phase {
			paint = colour.bad
			if r.Expected {
				paint = colour.good
			}
		}
		if !p.Complete {
			code += " …"
		}
		lines = append(lines, fmt.Sprintf("  %-*s%*s  %s%s%s",
			phaseWidth, p.Phase, timeWidth, milliseconds(p.Duration), strings.Repeat(" ", left), paint(bar), code))
	}
	return append(lines, fmt.Sprintf("  %-*s%*s", phaseWidth, "total", timeWidth, milliseconds(r.Total)))
}

// bar is d's bar and the columns to its left. What is too short to show is
// still a mark.
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
