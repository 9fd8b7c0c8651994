package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// checkConcurrency bounds the sessions that check holds at a time.
const checkConcurrency = 20

// probeAll expands every relay into what there is to probe and probes it, in
// parallel; the answer keeps the order.
func (c *console) probeAll(ctx context.Context, relays []*checkup) []*checkup {
	progress := &progress{out: c.stderr, show: isTerminal(c.stderr), relays: len(relays)}
	defer progress.clear()

	found := make([][]*checkup, len(relays))
	places := make(chan struct{}, checkConcurrency)
	var group sync.WaitGroup
	for i, relay := range relays {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			found[i] = relay.probe(ctx)
			progress.done(relay.name)
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

// probe probes a relay: several times where its name stands for several hosts
// or addresses.
func (c *checkup) probe(ctx context.Context) []*checkup {
	targets, failed := smtpprobe.Expand(ctx, c.prober.Target, c.prober.Plan, c.all)
	if failed != nil {
		c.result = failed
		return []*checkup{c}
	}
	probed := make([]*checkup, 0, len(targets))
	var group sync.WaitGroup
	for i := range targets {
		one := &checkup{name: c.name, prober: smtpprobe.Prober{Target: targets[i], Plan: c.prober.Plan}}
		if len(targets) > 1 {
			one.name += " " + targets[i].Host
			if targets[i].IP.IsValid() {
				one.name += " " + targets[i].IP.String()
			}
		}
		probed = append(probed, one)
		group.Go(func() { one.result = one.prober.Probe(ctx) })
	}
	group.Wait()
	return probed
}

// progress counts the relays done, in one line of a terminal.
type progress struct {
	mu     sync.Mutex
	out    io.Writer
	show   bool
	relays int
	ended  int
}

func (p *progress) done(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	if p.show && p.relays > 1 {
		fmt.Fprintf(p.out, "\r\x1b[K%d of %d relays done, last %s", p.ended, p.relays, oneLine(name))
	}
}

func (p *progress) clear() {
	if p.show && p.relays > 1 {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
