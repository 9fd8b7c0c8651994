package check

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// DefaultInterval is the default time between the rounds of a watch. It is also
// Telegraf's usual interval.
const DefaultInterval = 10 * time.Second

const (
	minInterval        = time.Second
	minMessageInterval = time.Minute
)

// ValidateInterval returns an error if relays must not be probed this often.
// Probes that send a message need a longer interval.
func ValidateInterval(relays []Relay, interval time.Duration) error {
	if interval < minInterval {
		return fmt.Errorf("interval %s: must be at least %s", interval, minInterval)
	}
	for i := range relays {
		if relays[i].plan.Depth == smtpprobe.DepthSend && interval < minMessageInterval {
			return fmt.Errorf("interval %s: must be at least %s, since each probe of depth send sends a message", interval, minMessageInterval)
		}
	}
	return nil
}

// Watch calls probe at the interval and passes the outcomes to show, until ctx is
// done or show fails. It returns the error of show. Rounds do not overlap: a
// round that takes longer than the interval delays the next one. Probes that the
// end of ctx canceled are not shown.
func Watch(ctx context.Context, interval time.Duration, probe func(context.Context) []Outcome, show func([]Outcome) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		outcomes := probe(ctx)
		if ctx.Err() != nil {
			outcomes = slices.DeleteFunc(outcomes, func(o Outcome) bool { return o.Class == canceled })
		}
		if err := show(outcomes); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// Tally counts the outcomes of a watch.
type Tally struct {
	probes, failed int
	counts         map[tallied]int

	fastest, slowest, sum time.Duration // of the probes that succeeded
}

// tallied identifies the outcomes that are counted together.
type tallied struct{ relay, outcome string }

// Add counts outcomes.
func (t *Tally) Add(outcomes []Outcome) {
	if t.counts == nil {
		t.counts = make(map[tallied]int)
	}
	for i := range outcomes {
		o := &outcomes[i]
		t.probes++
		if !o.Success {
			t.failed++
			t.counts[tallied{o.relay.Name, "FAILED  " + classAndReason(o.Summary)}]++
			continue
		}
		t.counts[tallied{o.relay.Name, "OK"}]++
		total := time.Duration(o.Total)
		if t.fastest == 0 || total < t.fastest {
			t.fastest = total
		}
		t.slowest = max(t.slowest, total)
		t.sum += total
	}
}

// Failed reports whether any probe failed.
func (t *Tally) Failed() bool { return t.failed > 0 }

// Log writes a line for each outcome of a watch.
type Log struct {
	Tally

	w     io.Writer
	r     *reporter
	start time.Time
	last  map[string]string // class and reason of the last failure, by name
}

// NewLog returns a log that writes to w. Colors and line wrapping are for
// terminals only.
func NewLog(w io.Writer) *Log {
	return &Log{w: w, r: newReporter(w), start: time.Now(), last: make(map[string]string)}
}

// Write writes a line for each outcome, with what to do if the failure differs
// from the previous one of that name, and the transcript, if any.
func (l *Log) Write(outcomes []Outcome) error {
	l.Add(outcomes)
	out := bufio.NewWriter(l.w)
	for i := range outcomes {
		o := &outcomes[i]
		fmt.Fprintf(out, "%s  %s  %s: %s\n", o.Started.Local().Format(time.DateTime), l.status(o), l.r.color.Bold(console.OneLine(o.Name)), logVerdict(o))
		if !o.Success && l.last[o.Name] != classAndReason(o.Summary) {
			for _, line := range l.r.columns(advice(o)) {
				fmt.Fprintln(out, line)
			}
		}
		for _, line := range l.r.transcript(o.Transcript) {
			fmt.Fprintln(out, line)
		}
	}
	l.remember(outcomes)
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

// remember stores the last failures. It forgets names that outcomes does not
// have: those of a relay with several targets may differ from round to round.
func (l *Log) remember(outcomes []Outcome) {
	last := make(map[string]string, len(outcomes))
	for i := range outcomes {
		o := &outcomes[i]
		if o.Success {
			last[o.Name] = l.last[o.Name]
		} else {
			last[o.Name] = classAndReason(o.Summary)
		}
	}
	l.last = last
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
