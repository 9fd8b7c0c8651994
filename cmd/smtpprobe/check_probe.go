package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// checkConcurrency bounds the lookups and sessions that check has at a time.
const checkConcurrency = 20

// places are taken by what runs, and left by what is done.
type places chan struct{}

func (p places) hold(task func()) {
	p <- struct{}{}
	defer func() { <-p }()
	task()
}

// probeAll expands every relay into what there is to probe and probes it, in
// parallel; the answer keeps the order.
func (c *console) probeAll(ctx context.Context, relays []*checkup) []*checkup {
	progress := &progress{out: c.stderr, show: isTerminal(c.stderr), relays: len(relays)}
	defer progress.clear()

	found := make([][]*checkup, len(relays))
	room := make(places, checkConcurrency)
	var group sync.WaitGroup
	for i, relay := range relays {
		group.Go(func() {
			found[i] = relay.probe(ctx, room)
			progress.done(relay.name)
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

// probe probes a relay: several times where its name stands for several hosts
// or addresses.
func (c *checkup) probe(ctx context.Context, room places) []*checkup {
	probed := c.expand(ctx, room)
	var group sync.WaitGroup
	for _, one := range probed {
		if one.result == nil {
			group.Go(func() { room.hold(func() { one.result = one.prober.Probe(ctx) }) })
		}
	}
	group.Wait()
	return probed
}

// expand is a checkup for each target that a relay's name stands for, or the
// relay's own with the result that there is none.
func (c *checkup) expand(ctx context.Context, room places) []*checkup {
	var targets []smtpprobe.Target
	room.hold(func() { targets, c.result = smtpprobe.Expand(ctx, c.prober.Target, c.prober.Plan, c.all) })
	if c.result != nil {
		return []*checkup{c}
	}
	all := make([]*checkup, 0, len(targets))
	for i := range targets {
		one := &checkup{name: c.name, prober: smtpprobe.Prober{Target: targets[i], Plan: c.prober.Plan}}
		if len(targets) > 1 {
			one.name += " " + targets[i].Host
			if targets[i].IP.IsValid() {
				one.name += " " + targets[i].IP.String()
			}
		}
		all = append(all, one)
	}
	return all
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
