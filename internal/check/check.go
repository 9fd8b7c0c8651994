// Package check is `smtpprobe check`: it probes relays once and shows what it
// found.
//
// FromURLs and FromConfig make relays ready to be probed; the plugin itself
// checks and applies their settings, so that check and the plugin agree. Probe
// probes them, several at a time. The outcomes are summaries, which Report
// renders for people, JSON for scripts and Nagios for monitoring systems.
package check

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// Relay is one relay to check.
type Relay struct {
	Name   string
	prober smtpprobe.Prober
	target smtpprobe.Target
	plan   smtpprobe.Plan
	plugin *plugin.SMTPProbe
	// policies judge the sessions; nil: they are not judged.
	policies *policy.Source
}

// Outcome is the result of one probe.
type Outcome struct {
	Name string // of the relay, and of its host and address if it has several
	*summary.Summary
	Policy  *summary.Policy // what careful senders would do; nil: not asked for
	domain  bool            // the host is an MX host of a domain
	Arrival *Arrival        // of a message that was followed
}

// concurrency limits how many lookups and sessions run at a time.
const concurrency = 20

// Probe probes each relay, a relay with several hosts or addresses several
// times, and returns the outcomes in the order of the relays. If stderr is a
// terminal, it shows the progress there.
func Probe(ctx context.Context, relays []Relay, withTranscript bool, stderr io.Writer) []Outcome {
	progress := &progress{out: stderr, show: len(relays) > 1 && console.CanErase(stderr), relays: len(relays)}
	defer progress.clear()

	outcomes := make([][]Outcome, len(relays))
	slots := make(semaphore, concurrency)
	var group sync.WaitGroup
	for i := range relays {
		relay := relays[i]
		relay.plan.Transcript = withTranscript
		group.Go(func() {
			outcomes[i] = relay.probe(ctx, slots)
			progress.done(relay.Name)
		})
	}
	group.Wait()
	return slices.Concat(outcomes...)
}

// semaphore limits what runs at a time.
type semaphore chan struct{}

func (s semaphore) run(task func()) {
	s <- struct{}{}
	defer func() { <-s }()
	task()
}

func (r *Relay) probe(ctx context.Context, slots semaphore) []Outcome {
	var targets []smtpprobe.Target
	var err error
	start := time.Now()
	slots.run(func() { targets, err = r.prober.Targets(ctx, r.target) })
	if err != nil {
		failed := smtpprobe.Failed(r.plan, start, err)
		return []Outcome{{Name: r.Name, Summary: summary.Of(failed), Policy: r.unresolved(ctx, failed), domain: r.target.Domain != ""}}
	}
	outcomes := make([]Outcome, len(targets))
	var group sync.WaitGroup
	for i := range targets {
		name := r.Name
		if len(targets) > 1 {
			name += " " + describe(&targets[i])
		}
		group.Go(func() {
			slots.run(func() {
				result, verdict := r.judge(ctx, &targets[i])
				outcomes[i] = Outcome{Name: name, Summary: summary.Of(result), Policy: verdict, domain: targets[i].Domain != ""}
			})
		})
	}
	group.Wait()
	return outcomes
}

// describe tells the targets of one relay apart.
func describe(t *smtpprobe.Target) string {
	if t.IP.IsValid() {
		return t.Host + " " + t.IP.String()
	}
	return t.Host
}

// AllSucceeded reports whether every outcome is the expected one, and every
// message that was followed has arrived.
func AllSucceeded(outcomes []Outcome) bool {
	return !slices.ContainsFunc(outcomes, func(o Outcome) bool { return !o.Success || o.Arrival != nil && !o.Arrival.arrived() })
}

// progress counts the relays done, in one line of a terminal.
type progress struct {
	mu     sync.Mutex
	out    io.Writer
	show   bool
	relays int
	ended  int
}

const eraseLine = "\r\x1b[K"

func (p *progress) done(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	if p.show {
		fmt.Fprintf(p.out, eraseLine+"%d of %d relays done, last %s", p.ended, p.relays, console.OneLine(name))
	}
}

func (p *progress) clear() {
	if p.show {
		fmt.Fprint(p.out, eraseLine)
	}
}
