package main

import (
	"bufio"
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// printReports writes a report per relay: the waterfall, what was negotiated,
// the verdict and what to do.
func (c *console) printReports(checked []*checkup) error {
	out := bufio.NewWriter(c.stdout)
	colour, width := paletteFor(c.stdout), columns(c.stdout)
	for i, one := range checked {
		if i > 0 {
			fmt.Fprintln(out)
		}
		for _, line := range one.report(width, colour) {
			fmt.Fprintln(out, line)
		}
	}
	return out.Flush()
}

func (c *checkup) report(width int, colour palette) []string {
	r := c.result
	lines := []string{colour.bold(c.name), ""}
	lines = append(lines, waterfall(r, width, colour)...)
	if learnt := facts(r); len(learnt) > 0 {
		lines = append(append(lines, ""), indented(learnt)...)
	}
	if len(r.Transcript) > 0 {
		lines = append(lines, "")
		for _, line := range r.Transcript {
			lines = append(lines, conversation(line, colour))
		}
	}
	lines = append(lines, "", outcome(r, colour)+"  "+verdict(r))
	return append(lines, indented(advice(r))...)
}

// conversation is a line of the transcript: when, who, what.
func conversation(line smtpprobe.Line, colour palette) string {
	text := fmt.Sprintf("  %*s  %s %s", timeWidth, milliseconds(line.At), line.Dir, line.Text)
	if line.Dir == smtpprobe.Event {
		return colour.faint(text)
	}
	return text
}
