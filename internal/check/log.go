package check

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

// Log writes a line for each outcome of a watch.
type Log struct {
	Tally

	w     io.Writer
	r     *reporter
	start time.Time
	notes map[string]string // the last advice and warnings, by name
}

// NewLog returns a log that writes to w. Colors and line wrapping are for
// terminals only.
func NewLog(w io.Writer) *Log {
	return &Log{w: w, r: newReporter(w), start: time.Now()}
}

// Write writes a line for each outcome, and the transcript, if any. Advice and warnings
// follow the line if they differ from the last ones for that name.
func (l *Log) Write(outcomes []Outcome) error {
	l.Add(outcomes)
	out := bufio.NewWriter(l.w)
	notes := make(map[string]string, len(outcomes)) // the names may differ from round to round
	for i := range outcomes {
		o := &outcomes[i]
		fmt.Fprintf(out, "%s  %s  %s: %s\n", o.Started.Local().Format(time.DateTime), l.status(o), l.r.color.Bold(console.OneLine(o.Name)), logVerdict(o))
		current := strings.Join(l.r.columns(append(advice(o), warnings(o)...)), "\n")
		if current != "" && current != l.notes[o.Name] {
			fmt.Fprintln(out, current)
		}
		notes[o.Name] = cmp.Or(current, l.notes[o.Name])
		for _, line := range l.r.transcript(o.Transcript) {
			fmt.Fprintln(out, line)
		}
	}
	l.notes = notes
	return out.Flush()
}

// status returns the status, padded to the width of the longest one.
func (l *Log) status(o *Outcome) string {
	if o.Success {
		return l.r.status(o.Summary) + "    "
	}
	return l.r.status(o.Summary)
}

// logVerdict returns the verdict, with the time of a successful probe.
func logVerdict(o *Outcome) string {
	if o.Success {
		return verdict(o.Summary) + ", " + duration(time.Duration(o.Total))
	}
	return verdict(o.Summary)
}

// Close writes the number of probes for each outcome of each relay.
func (l *Log) Close() error {
	out := bufio.NewWriter(l.w)
	fmt.Fprintf(out, "\n%d probes in %s: %d OK, %d FAILED\n", l.probes, time.Since(l.start).Round(time.Second), l.probes-l.failed, l.failed)
	if n := l.probes - l.failed; n > 0 {
		fmt.Fprintf(out, "time of those OK: %s to %s, mean %s\n", duration(l.fastest), duration(l.slowest), duration(l.sum/time.Duration(n)))
	}
	keys := slices.SortedFunc(maps.Keys(l.counts), func(a, b tallied) int {
		return cmp.Or(cmp.Compare(a.relay, b.relay), -cmp.Compare(a.outcome, b.outcome))
	})
	for _, k := range keys {
		fmt.Fprintf(out, "  %6d  %s  %s\n", l.counts[k], console.OneLine(k.relay), k.outcome)
	}
	return out.Flush()
}
