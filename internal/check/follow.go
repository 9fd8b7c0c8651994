package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// Arrival is the fate of a message that was followed.
type Arrival struct {
	State    string          `json:"state"` // arrived, late, bounced or missing
	Waited   summary.Seconds `json:"waited"`
	Mailbox  string          `json:"mailbox,omitempty"`
	Folder   string          `json:"folder,omitempty"`
	Delay    summary.Seconds `json:"delay,omitempty"` // from sending to delivery
	Hops     []Hop           `json:"hops,omitempty"`
	Skewed   bool            `json:"clock_skew,omitempty"` // the times of the hops are unknown
	SPF      string          `json:"spf,omitempty"`
	DKIM     string          `json:"dkim,omitempty"`
	DMARC    string          `json:"dmarc,omitempty"`
	Class    string          `json:"error_class,omitempty"` // of a bounce
	Reason   string          `json:"reason,omitempty"`
	Error    string          `json:"error,omitempty"`         // of a bounce
	Problems string          `json:"mailbox_error,omitempty"` // why a mailbox could not be read
}

// Hop is a server that relayed the message, by its Received field.
type Hop struct {
	By        string          `json:"by"`
	Time      summary.Seconds `json:"time"` // since the previous hop; resolution 1 s
	Encrypted bool            `json:"encrypted"`
}

// missing is the state of a message that did not arrive in time.
const missing = "missing"

func (a *Arrival) arrived() bool {
	return a.State == string(mailflow.Arrived) || a.State == string(mailflow.Late)
}

// Follow probes a relay with a message, and waits at most wait for the message to arrive
// in a mailbox. It returns an error if the relay sends no message or has no mailbox.
func Follow(ctx context.Context, r *Relay, wait time.Duration, withTranscript bool, stderr io.Writer) (Outcome, error) {
	relay := *r
	follow, err := relay.plugin.Follow(relay.Name)
	if err != nil {
		return Outcome{}, err
	}
	relay.plan.Transcript, relay.plan.Identify = transcriptMode(withTranscript), follow.Identify
	targets, err := relay.prober.Targets(ctx, relay.target)
	if err != nil {
		return Probe(ctx, []Relay{relay}, withTranscript, stderr)[0], nil // the outcome has the error
	}
	start := time.Now()
	result := relay.prober.Probe(ctx, targets[0], relay.plan)
	o := Outcome{Name: relay.Name, relay: &relay, Summary: summary.Of(result)}
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

// newArrival converts an arrival, or its absence and the reason for it.
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
