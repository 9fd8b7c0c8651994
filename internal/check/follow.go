package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// Arrival is what became of a message that was followed.
type Arrival struct {
	State    string          `json:"state"` // arrived, late, bounced, or missing: not there in time
	Waited   summary.Seconds `json:"waited"`
	Mailbox  string          `json:"mailbox,omitempty"`
	Folder   string          `json:"folder,omitempty"`
	Delay    summary.Seconds `json:"delay,omitempty"` // from sending to delivery
	Hops     []Hop           `json:"hops,omitempty"`
	Skewed   bool            `json:"clock_skew,omitempty"` // hop times are not known
	SPF      string          `json:"spf,omitempty"`
	DKIM     string          `json:"dkim,omitempty"`
	DMARC    string          `json:"dmarc,omitempty"`
	Class    string          `json:"error_class,omitempty"` // of a bounce
	Reason   string          `json:"reason,omitempty"`
	Error    string          `json:"error,omitempty"`         // of a bounce
	Problems string          `json:"mailbox_error,omitempty"` // why a mailbox could not be read
}

// Hop is one server on the way, by its Received field.
type Hop struct {
	By        string          `json:"by"`
	Time      summary.Seconds `json:"time"` // since the server before; resolution 1 s
	Encrypted bool            `json:"encrypted"`
}

// missing is the state of a message that is nowhere yet.
const missing = "missing"

func (a *Arrival) arrived() bool {
	return a.State == string(mailflow.Arrived) || a.State == string(mailflow.Late)
}

// Follow probes a relay, which must send, and waits until its message is in a
// mailbox.
func Follow(ctx context.Context, r *Relay, wait time.Duration, withTranscript bool, stderr io.Writer) (Outcome, error) {
	relay := *r
	follow, err := relay.plugin.Follow(relay.Name)
	if err != nil {
		return Outcome{}, err
	}
	relay.plan.Transcript, relay.plan.Identify = withTranscript, follow.Identify
	targets, err := relay.prober.Targets(ctx, relay.target)
	if err != nil {
		return Probe(ctx, []Relay{relay}, withTranscript, stderr)[0], nil // which says so
	}
	start := time.Now()
	result := relay.prober.Probe(ctx, targets[0], relay.plan)
	o := Outcome{Name: relay.Name, Summary: summary.Of(result)}
	if !follow.Sent(result) {
		return o, nil
	}
	if console.CanErase(stderr) {
		fmt.Fprintf(stderr, "waiting up to %v for the message to arrive", wait)
		defer fmt.Fprint(stderr, eraseLine)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	found, err := follow.Wait(ctx)
	o.Arrival = newArrival(found, err)
	o.Arrival.Waited = summary.Seconds(time.Since(start))
	return o, nil
}

func newArrival(a *mailflow.Arrival, failed error) *Arrival {
	if a == nil {
		out := &Arrival{State: missing}
		if failed != nil && !errors.Is(failed, context.Canceled) {
			out.Problems = failed.Error()
		}
		return out
	}
	out := &Arrival{
		State: string(a.State), Mailbox: a.Mailbox, Folder: string(a.Folder), Delay: summary.Seconds(a.Delay),
		SPF: a.Checks.SPF, DKIM: a.Checks.DKIM, DMARC: a.Checks.DMARC,
	}
	if b := a.Bounce; b != nil {
		out.Class, out.Reason, out.Error = b.Class, b.Reason, b.Error
	}
	if a.Path != nil {
		out.Skewed = a.Path.Skewed
	}
	last := a.Sent
	for _, h := range a.Hops {
		hop := Hop{By: h.By, Encrypted: h.Encrypted}
		if !h.Time.IsZero() {
			hop.Time = summary.Seconds(max(0, h.Time.Sub(last)))
			last = h.Time
		}
		out.Hops = append(out.Hops, hop)
	}
	return out
}

// way draws the way of a message as a waterfall of its hops.
func (r *reporter) way(a *Arrival) []string {
	if len(a.Hops) == 0 {
		return nil
	}
	lines := make([]string, 0, 2+len(a.Hops))
	lines = append(lines, "", "  way of the message")
	width := 0
	var sum time.Duration
	for _, h := range a.Hops {
		width = max(width, len(h.By))
		sum += time.Duration(h.Time)
	}
	width = min(width, 40)
	room := max(minBars, r.width-width-timeWidth-len("  ")-len("  ")-len(" TLS"))
	var begin time.Duration
	for _, h := range a.Hops {
		took := time.Duration(h.Time)
		text, drawn := "?", ""
		if !a.Skewed {
			b, left := bar(begin, took, sum, room)
			text, drawn = inSeconds(took), strings.Repeat(" ", left)+r.color.Good(b)
		}
		begin += took
		if h.Encrypted {
			drawn += " TLS"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %-*s%*s  %s", width, console.OneLine(h.By), timeWidth, text, drawn), " "))
	}
	return lines
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// end is the verdict on a message that was followed.
func (r *reporter) end(a *Arrival) []string {
	status := r.color.Good("ARRIVED")
	text := fmt.Sprintf("after %s in %q (%s)", inSeconds(time.Duration(a.Delay)), console.OneLine(a.Mailbox), a.Folder)
	switch {
	case a.arrived() && a.Folder == string(mailflow.FolderJunk):
		status = r.color.Odd("ARRIVED AS JUNK")
	case a.arrived():
	case a.State == string(mailflow.Bounced):
		status, text = r.color.Bad("BOUNCED"), a.Class+"/"+a.Reason+": "+strings.TrimPrefix(a.Error, errorPrefix)
	case a.Problems != "":
		status, text = r.color.Bad("NOT KNOWN"), strings.ReplaceAll(a.Problems, "\n", "; ")
	default:
		status, text = r.color.Bad("NOT ARRIVED"), fmt.Sprintf("within %s; it may still be on its way", inSeconds(time.Duration(a.Waited)))
	}
	lines := []string{"", status + "  " + text}
	var known []fact
	for _, f := range []fact{{"spf", a.SPF}, {"dkim", a.DKIM}, {"dmarc", a.DMARC}} {
		if f.value != "" {
			known = append(known, f)
		}
	}
	if a.Skewed {
		known = append(known, fact{"clocks", "servers on the way disagree about the time"})
	}
	return append(lines, columns(known)...)
}
