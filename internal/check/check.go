// Package check implements "smtpprobe check": it probes relays and shows the
// outcomes.
//
// FromURLs and FromConfig return relays that are ready to be probed. The plugin
// itself validates and applies their settings, so check and the plugin agree.
// Probe probes relays once, several at a time; Watch repeats a probe; Follow
// waits for the message that a probe sent. An Outcome is a summary of one probe.
// Report writes outcomes for people, JSON and JSONLines for scripts, Nagios for
// monitoring systems, and Log one line each for a watch.
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
	// policies looks up the DANE and MTA-STS policies of domains. Nil if sessions are
	// not compared with them.
	policies *policy.Source
	// fromURL is set if flags of the command line configure the relay.
	fromURL bool
}

// Outcome is the result of one probe.
type Outcome struct {
	Name string // the relay's, with host and address if it has several
	*summary.Summary
	Policy  *summary.Policy // nil without DANE and MTA-STS
	Arrival *Arrival        // nil if no message was followed

	relay  *Relay
	domain bool // the host is an MX host of a domain
}

// advice returns what to do. For a relay of the command line it names flags instead of
// settings.
func (o *Outcome) advice() string {
	if o.relay.fromURL {
		return flagAdvice(o.Advice)
	}
	return o.Advice
}

// ok reports whether the outcome is the expected one, and a message that was
// followed has arrived.
func (o *Outcome) ok() bool { return o.Success && (o.Arrival == nil || o.Arrival.arrived()) }

// concurrency is the maximum number of lookups and sessions at a time.
const concurrency = 20

// Probe probes each relay, or each host and address of a relay that has several,
// and returns the outcomes in the order of the relays. It shows the progress on
// stderr if that is a terminal.
func Probe(ctx context.Context, relays []Relay, withTranscript bool, stderr io.Writer) []Outcome {
	progress := &progress{out: stderr, show: len(relays) > 1 && console.CanErase(stderr), relays: len(relays)}
	defer progress.clear()

	outcomes := make([][]Outcome, len(relays))
	slots := make(semaphore, concurrency)
	var group sync.WaitGroup
	for i := range relays {
		relay := relays[i]
		relay.plan.Transcript = transcriptMode(withTranscript)
		group.Go(func() {
			outcomes[i] = relay.probe(ctx, slots)
			progress.done(relay.Name)
		})
	}
	group.Wait()
	return slices.Concat(outcomes...)
}

func transcriptMode(wanted bool) smtpprobe.TranscriptMode {
	if wanted {
		return smtpprobe.TranscriptAlways
	}
	return smtpprobe.TranscriptNever
}

// semaphore limits the number of tasks that run at a time.
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
		return []Outcome{{Name: r.Name, relay: r, Summary: summary.Of(failed), Policy: r.unresolved(ctx, failed), domain: r.target.Domain != ""}}
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
				result, judgment := r.judge(ctx, &targets[i])
				outcomes[i] = Outcome{Name: name, relay: r, Summary: summary.Of(result), Policy: judgment, domain: targets[i].Domain != ""}
			})
		})
	}
	group.Wait()
	return outcomes
}

// describe names a target of a relay that has several.
func describe(t *smtpprobe.Target) string {
	if t.IP.IsValid() {
		return t.Host + " " + t.IP.String()
	}
	return t.Host
}

// AllSucceeded reports whether every outcome is the expected one, and every
// message that was followed has arrived.
func AllSucceeded(outcomes []Outcome) bool {
	return !slices.ContainsFunc(outcomes, func(o Outcome) bool { return !o.ok() })
}

// progress shows the number of relays done, in one line of a terminal.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	show     bool
	relays   int
	finished int
}

const eraseLine = "\r\x1b[K"

func (p *progress) done(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	if p.show {
		fmt.Fprintf(p.out, eraseLine+"%d of %d relays done, last %s", p.finished, p.relays, console.OneLine(name))
	}
}

func (p *progress) clear() {
	if p.show {
		fmt.Fprint(p.out, eraseLine)
	}
}
