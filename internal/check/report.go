package check

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// Report writes the outcomes for people: for each outcome the verdict with advice, the
// phases as a waterfall, the properties of the session and the transcript, if any. If
// there are several, the last line counts them. Colors and line wrapping are for
// terminals only.
func Report(w io.Writer, outcomes []Outcome) error {
	out := bufio.NewWriter(w)
	r := newReporter(w)
	for i := range outcomes {
		if i > 0 {
			fmt.Fprintln(out)
		}
		for _, line := range r.lines(&outcomes[i]) {
			fmt.Fprintln(out, line)
		}
	}
	if len(outcomes) > 1 {
		fmt.Fprintln(out, "\n"+total(outcomes))
	}
	return out.Flush()
}

// reporter formats outcomes for one writer.
type reporter struct {
	width int // of the waterfall
	wrap  int // where values break; 0: nowhere
	color console.Palette
	glyph console.Glyphs
}

func newReporter(w io.Writer) *reporter {
	r := &reporter{width: min(console.Width(w), maxWidth), color: console.PaletteFor(w), glyph: console.GlyphsFor(w)}
	if console.IsTerminal(w) {
		r.wrap = max(r.width, minWidth)
	}
	return r
}

const (
	maxWidth = 132 // longer bars and lines are hard to follow
	minWidth = 40  // narrower terminals wrap lines themselves
)

func (r *reporter) lines(o *Outcome) []string {
	lines := []string{r.status(o.Summary) + "  " + r.color.Bold(console.OneLine(o.Name)) + ": " + verdict(o.Summary)}
	lines = append(lines, r.columns(append(advice(o), warnings(o)...))...)
	if o.Arrival != nil {
		lines = append(lines, r.arrival(o.Arrival)...)
	}
	lines = append(append(lines, ""), r.waterfall(o.Summary)...)
	if o.Arrival != nil {
		lines = append(lines, r.hops(o.Arrival)...)
	}
	for _, section := range [][]fact{facts(o.Summary), policyFacts(o.Policy, o.domain)} {
		if len(section) > 0 {
			lines = append(append(lines, ""), r.columns(section)...)
		}
	}
	if len(o.Transcript) > 0 {
		lines = append(append(lines, ""), r.transcript(o.Transcript)...)
	}
	return lines
}

// status is the word that a verdict begins with.
func (r *reporter) status(s *summary.Summary) string {
	if s.Success {
		return r.color.Good("OK")
	}
	return r.color.Bad("FAILED")
}

// maxFailures limits the names in the last line of a report.
const maxFailures = 10

// total counts the outcomes and names those that failed.
func total(outcomes []Outcome) string {
	var failed []string
	for i := range outcomes {
		if !outcomes[i].ok() {
			failed = append(failed, console.OneLine(outcomes[i].Name))
		}
	}
	text := fmt.Sprintf("%d probes: %d OK", len(outcomes), len(outcomes)-len(failed))
	if len(failed) == 0 {
		return text
	}
	text += fmt.Sprintf(", %d FAILED: ", len(failed))
	if more := len(failed) - maxFailures; more > 0 {
		return text + strings.Join(failed[:maxFailures], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return text + strings.Join(failed, ", ")
}

// event marks a line of the transcript that neither side sent: connected, TLS
// established, closed.
const event = "*"

// transcript formats the session: time, side and text of each line.
func (r *reporter) transcript(session []summary.Line) []string {
	lines := make([]string, 0, len(session))
	for _, l := range session {
		line := fmt.Sprintf("  %*s  %s %s", timeWidth, milliseconds(time.Duration(l.At)), l.From, l.Text)
		if l.From == event {
			line = r.color.Faint(line)
		}
		lines = append(lines, line)
	}
	return lines
}

// fact is a name and a value. A fact without a name continues the one before.
type fact struct{ name, value string }

// nameWidth is the width of the column of names, with the space after it.
const nameWidth = 13

// columns lays facts out in two columns.
func (r *reporter) columns(facts []fact) []string {
	lines := make([]string, 0, len(facts))
	for _, f := range facts {
		name := f.name
		for _, part := range r.wrapped(f.value) {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("  %-*s%s", nameWidth, name, part), " "))
			name = ""
		}
	}
	return lines
}

// wrapped breaks a value between words where it does not fit the terminal.
func (r *reporter) wrapped(value string) []string {
	room := r.wrap - nameWidth - len("  ")
	if r.wrap == 0 || utf8.RuneCountInString(value) <= room {
		return []string{value}
	}
	var lines []string
	for word := range strings.FieldsSeq(value) {
		if last := len(lines) - 1; last >= 0 && utf8.RuneCountInString(lines[last]+" "+word) <= room {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
