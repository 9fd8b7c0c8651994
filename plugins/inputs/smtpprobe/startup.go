package smtpprobe

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// Probe is Telegraf's startup_error_behavior = "probe": it fails where no relay
// at all greets.
func (p *SMTPProbe) Probe() error {
	ctx, cancel := context.WithCancel(p.lifetime())
	defer cancel()
	var (
		mu      sync.Mutex
		greeted bool
		first   error
		relays  errgroup.Group
	)
	relays.SetLimit(p.MaxConcurrent)
	for _, r := range p.roster {
		if ctx.Err() != nil {
			break
		}
		relays.Go(func() error {
			err := p.reach(ctx, r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				greeted = true
				cancel()
			} else if first == nil {
				first = err
			}
			return nil
		})
	}
	if err := relays.Wait(); err != nil || greeted {
		return err
	}
	if first == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("no relay can be reached: %w", first)
}

// reach gets as far as a relay's greeting.
func (p *SMTPProbe) reach(ctx context.Context, r *relay) error {
	prober, err := p.prober(ctx, r, &r.target)
	if err != nil {
		return fmt.Errorf("relay %q: %w", r.name, err)
	}
	prober.Plan.Depth, prober.Plan.Expect = smtpprobe.DepthConnect, nil
	ctx, cancel := context.WithTimeout(ctx, prober.Plan.Timeout) // for all its hosts: Telegraf waits
	defer cancel()
	targets, failed := p.engine.expand(ctx, prober.Target, prober.Plan, false)
	if failed != nil {
		return fmt.Errorf("relay %q: %w", r.name, failed.Err)
	}
	for _, t := range targets {
		prober.Target = t
		result := p.engine.probe(ctx, prober)
		if result.Err == nil {
			return nil
		}
		if err == nil { // the first host's tells, as in a probe
			err = fmt.Errorf("relay %q: %w", r.name, result.Err)
		}
	}
	return err
}
