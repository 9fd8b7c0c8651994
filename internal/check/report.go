package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// Report writes for people: for each outcome the phases as a waterfall, what
// was negotiated, the verdict and what to do. A terminal gets colors.
func Report(w io.Writer, outcomes []Outcome) error {
	out := bufio.NewWriter(w)
	r := reporter{width: console.Width(w), color: console.PaletteFor(w)}
	for i, o := range outcomes {
		if i > 0 {
			fmt.Fprintln(out)
		}
		for _, line := range r.lines(&o) {
			fmt.Fprintln(out, line)
		}
	}
	return out.Flush()
}

type reporter struct {
	width int
	color console.Palette
}

func (r *reporter) lines(o *Outcome) []string {
	lines := []string{r.color.Bold(console.OneLine(o.Name)), ""}
	lines = append(lines, r.waterfall(o.Summary)...)
	if known := facts(o.Summary); len(known) > 0 {
		lines = append(append(lines, ""), columns(known)...)
	}
	if judged := policyFacts(o.Policy, o.domain); len(judged) > 0 {
		lines = append(append(lines, ""), columns(judged)...)
	}
	if len(o.Transcript) > 0 {
		lines = append(lines, "")
		for _, line := range o.Transcript {
			lines = append(lines, r.conversation(line))
		}
	}
	lines = append(lines, "", r.status(o.Summary)+"  "+verdict(o.Summary))
	lines = append(lines, columns(advice(o.Summary))...)
	if o.Arrival != nil {
		lines = append(append(lines, r.way(o.Arrival)...), r.end(o.Arrival)...)
	}
	return lines
}

// status is the word that the verdict begins with.
func (r *reporter) status(s *summary.Summary) string {
	if s.Success {
		return r.color.Good("OK")
	}
	return r.color.Bad("FAILED")
}

// event is who "said" a line of the transcript that is not part of the
// conversation: connected, TLS established, closed.
const event = "*"

// conversation is a line of the transcript: when, who, what.
func (r *reporter) conversation(line summary.Line) string {
	text := fmt.Sprintf("  %*s  %s %s", timeWidth, milliseconds(time.Duration(line.At)), line.From, line.Text)
	if line.From == event {
		return r.color.Faint(text)
	}
	return text
}

// columns lays facts out in two columns.
func columns(all []fact) []string {
	lines := make([]string, 0, len(all))
	for _, f := range all {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %-12s %s", f.name, f.value), " "))
	}
	return lines
}
