package smtpprobe

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/change"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// startInterval is the time between the first probes of a gather. If all started at
// once, a connection would not be read before the last probe had started, and its
// connect_time would be too long: see docs/performance.md.
const startInterval = time.Millisecond

// Gather implements telegraf.Input: it probes every relay once.
func (p *SMTPProbe) Gather(acc telegraf.Accumulator) error {
	return p.GatherContext(context.Background(), acc)
}

// GatherContext probes every relay once. If the context ends or Stop is called, it
// cancels the running probes, starts no others and returns soon. Concurrent calls
// gather one after the other. It returns no error: the failure of a relay is a
// metric.
func (p *SMTPProbe) GatherContext(ctx context.Context, acc telegraf.Accumulator) error {
	plugin := p.context()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	detach := context.AfterFunc(plugin, cancel)
	defer detach()

	if plugin.Err() != nil {
		return nil
	}
	select {
	case p.gathering <- struct{}{}:
		defer func() { <-p.gathering }()
	case <-ctx.Done():
		return nil
	}
	instance := p.instance() // before Stop frees the number
	g := &gather{p: p, ctx: ctx, plugin: plugin, acc: acc, start: time.Now(), store: p.stateStore(), probes: newPool(p.MaxConcurrent)}
	defer g.store.FlushSoon()
	reportMailboxes := p.scanMailboxes(ctx, acc)
	g.run()
	reportMailboxes()
	g.reportPolicies()
	if !g.stopped() {
		for _, group := range p.parsedGroups {
			group.report(acc, g.start)
		}
	}
	g.tally.report(acc, instance, g.start, g.store.Problem())
	return nil
}

// gather is one round of probes.
type gather struct {
	p      *SMTPProbe
	ctx    context.Context // ends with the caller's context and, a moment after plugin, with Stop
	plugin context.Context // ends with Stop
	acc    telegraf.Accumulator
	start  time.Time
	store  *state.Store

	probes   *pool
	running  atomic.Int64
	tally    tally
	policies policyReports
}

func (g *gather) stopped() bool { return g.ctx.Err() != nil || g.plugin.Err() != nil }

// run probes the relays in turn, spread over time, and waits for the end.
func (g *gather) run() {
	spread := time.Duration(g.p.Spread) / time.Duration(len(g.p.parsedRelays))
	for i, r := range g.p.parsedRelays {
		wait := time.Duration(i) * spread
		if running := int(g.running.Load()); running < g.p.MaxConcurrent {
			wait = max(wait, time.Duration(running)*startInterval)
		}
		if !sleepUntil(g.ctx, g.start.Add(wait)) {
			break
		}
		g.running.Add(1)
		g.probes.do(func() {
			defer g.running.Add(-1)
			g.relay(r)
		})
	}
	g.probes.wait()
}

// sleepUntil sleeps until a time. It returns false if the context ends before.
func sleepUntil(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// relay probes the targets of one relay.
func (g *gather) relay(r *relay) {
	switch {
	case g.stopped():
	case r.expands():
		g.expand(r)
	default:
		g.probe(r, &r.target, r.ownState(), 0)
	}
}

// expand resolves the targets of a relay and probes them, concurrently as far as
// max_concurrent permits.
func (g *gather) expand(r *relay) {
	own := r.state(&r.target)
	if own.restore(g.store, r.sendInterval) {
		g.restorePolicy(r, own)
	}
	if own.skips(r.backoff, g.start) {
		g.p.stats.skipped.Incr(1)
		g.tally.skip()
		return
	}
	start := time.Now()
	var policies *policyLookup
	if r.target.Domain != "" {
		policies = g.lookupPolicies(r, &r.target, own.tags)
	}
	targets, failed := g.targets(r)
	g.addPolicyDomain(r, targets)
	if failed != nil {
		r.setCurrent(own)
		g.comparePolicies(policies, failed)
		g.finish(r, own, observe(failed))
		return
	}
	g.reportTargets(r, own, targets)
	states := make([]*targetState, len(targets))
	for i := range targets {
		states[i] = r.state(&targets[i])
	}
	r.setCurrent(states...)
	for _, dropped := range r.dropMissing(own) {
		g.store.Forget(dropped.key)
	}
	spent := time.Since(start)
	for i := range targets {
		probe := func() {
			if !g.stopped() {
				g.probe(r, &targets[i], states[i], spent)
			}
		}
		if i == len(targets)-1 || !g.probes.try(probe) {
			probe()
		}
	}
}

// targets resolves the targets of a relay, without duplicates. If that fails, it
// returns the failure as the result of a probe.
func (g *gather) targets(r *relay) ([]smtpprobe.Target, *smtpprobe.Result) {
	request, err := g.p.request(r, &r.target)
	if err != nil {
		return nil, misconfigured(&r.plan, r.plan.Depth, err)
	}
	found, failed := g.p.engine.expand(g.ctx, request)
	if failed != nil {
		return nil, failed
	}
	if len(found) > 0 {
		g.omitted(r, "targets", found[0].Omitted)
	}
	seen := make(map[*targetState]bool, len(found))
	targets := make([]smtpprobe.Target, 0, len(found))
	for _, t := range found {
		if s := r.state(&t); !seen[s] {
			seen[s] = true
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// omitted counts targets or addresses beyond the limits of the engine. It warns once
// for each relay.
func (g *gather) omitted(r *relay, what string, n int) {
	if n == 0 {
		return
	}
	g.p.stats.omitted.Incr(int64(n))
	r.mu.Lock()
	first := !r.warned
	r.warned = true
	r.mu.Unlock()
	if first {
		g.p.warn(fmt.Sprintf("relay %q: DNS has too many %s: %d are not probed", r.name, what, n))
	}
}

// reportTargets records the resolved targets of a relay and reports if they have
// changed.
func (g *gather) reportTargets(r *relay, own *targetState, targets []smtpprobe.Target) {
	own.known.Failures = 0
	hosts, addresses := make([]string, len(targets)), make([]string, len(targets))
	for i := range targets {
		hosts[i], addresses[i] = targets[i].Host, targets[i].IP.String()
	}
	found := change.Set(change.Addresses, change.Plain, addresses)
	if r.target.Domain != "" {
		found = change.Set(change.MX, change.Plain, hosts)
	}
	reportChanges(g.acc, g.start, r.plan.Depth, own.tags, own.known.Changes.Observe(g.start, found))
	g.save(own)
}

// save stores the state of a target, to be written to the state file later.
func (g *gather) save(s *targetState) { g.store.Set(s.key, &s.known) }

// probe probes a target, unless it is skipped, and reports the result. spent is the
// part of the timeout that resolving the targets has taken.
func (g *gather) probe(r *relay, t *smtpprobe.Target, s *targetState, spent time.Duration) {
	s.restore(g.store, r.sendInterval)
	if s.skips(r.backoff, g.start) {
		g.p.stats.skipped.Incr(1)
		g.tally.skip()
		g.skipPolicies(r)
		return
	}
	depth := r.plan.Depth
	if depth == smtpprobe.DepthSend {
		if !g.p.tracker.holds(r.name) && (s.sends(r.sendInterval, g.start) || g.p.sendAlways) {
			// Written to disk before the message is sent, so that a process that is
			// killed does not send another one too soon after its restart.
			s.known.LastSent = time.Now()
			_ = g.store.Put(s.key, &s.known) //nolint:errcheck // the store reports the error
		} else {
			depth = smtpprobe.DepthRcpt
		}
	}
	request, err := g.p.request(r, t)
	if err != nil {
		g.finish(r, s, observe(misconfigured(&r.plan, depth, err)))
		return
	}
	request.Plan.Depth = depth
	request.Prober.Timeout = max(request.Prober.Timeout-spent, 1)
	request.Plan.STARTTLSExpected = s.known.OfferedSTARTTLS
	message := g.p.tracker.message(r.name)
	if message != nil {
		request.Plan.Identify = message.identify
	}
	policies := g.lookupPolicies(r, t, s.tags)
	request.Plan.SNI = policies.sni(g.ctx)
	var addresses []string
	result := g.p.engine.probe(watchAddresses(g.ctx, t, &addresses), request)
	message.sent(result)
	g.comparePolicies(policies, result)
	if auth := request.Plan.Auth; auth != nil {
		if sent, ok := auth.Token.(*sentToken); ok {
			sent.observe(result)
		}
	}
	o := observe(result)
	o.addresses = addresses
	g.finish(r, s, o)
}

// finish updates the state of a target, and reports and logs the result.
func (g *gather) finish(r *relay, s *targetState, o *observation) {
	o.implicitTLS = r.target.TLS == smtpprobe.TLSImplicit
	s.last = outcome{err: detail(o.Err), duration: o.Total}
	// A canceled probe does not count: it is no evidence about the relay.
	var changes []change.Change
	if o.Err == nil || detail(o.Err).Class != smtperr.ClassCanceled {
		changes = s.update(o)
		g.save(s)
	}
	o.known = &s.known
	g.p.report(g.acc, s.tags, o)
	reportChanges(g.acc, o.Start, o.Depth, s.tags, changes)
	g.omitted(r, "addresses", o.AddressesOmitted)
	g.p.stats.count(o.Result)
	g.tally.count(o.Result)
	g.p.logFailure(r, s, o.Result)
}

// misconfigured returns the result of a probe that cannot start because of a secret
// that is not available or invalid.
func misconfigured(plan *smtpprobe.Plan, depth smtpprobe.Depth, cause error) *smtpprobe.Result {
	own := *plan
	own.Depth = depth
	return smtpprobe.Failed(own, time.Now(), smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, cause))
}
