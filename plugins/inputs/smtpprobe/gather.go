package smtpprobe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Gather probes every relay once. It returns soon after Stop.
func (p *SMTPProbe) Gather(acc telegraf.Accumulator) error {
	return p.GatherContext(context.Background(), acc)
}

// GatherContext probes every relay once. It returns soon after the context's
// end or Stop: probes that run then are canceled, the others are not begun. A
// gather that begins while another runs waits for it. A relay that fails is a
// metric, never an error.
func (p *SMTPProbe) GatherContext(ctx context.Context, acc telegraf.Accumulator) error {
	life := p.lifetime()
	if life.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unlink := context.AfterFunc(life, cancel)
	defer unlink()

	select {
	case p.running <- struct{}{}:
		defer func() { <-p.running }()
	case <-ctx.Done():
		return nil
	}
	g := &gather{p: p, ctx: ctx, life: life, acc: acc, start: time.Now(), tasks: make(chan task)}
	g.run()
	if !g.stopped() {
		for _, group := range p.failover {
			group.report(acc, g.start)
		}
	}
	return nil
}

// gather is one round of probes.
type gather struct {
	p     *SMTPProbe
	ctx   context.Context // ends with life, too, but a moment later
	life  context.Context
	acc   telegraf.Accumulator
	start time.Time

	tasks   chan task
	pending sync.WaitGroup // tasks that are not done
	workers sync.WaitGroup
	hired   atomic.Int64 // workers there are
}

// task is a relay to expand, or one of its targets to probe.
type task struct {
	relay  *relay
	target *smtpprobe.Target // nil: to be expanded
	spent  time.Duration     // of the timeout, by expanding
}

// run is over when every relay was probed, or the context ended.
func (g *gather) run() {
	g.dispatch()
	g.pending.Wait()
	close(g.tasks)
	g.workers.Wait()
}

func (g *gather) stopped() bool { return g.ctx.Err() != nil || g.life.Err() != nil }

// offer gives a task to a worker that is idle, or hires one if there may be
// more. It is false when all are busy.
func (g *gather) offer(t task) bool {
	select {
	case g.tasks <- t:
		return true
	default:
	}
	return g.hire(t)
}

// hire gives a task to a new worker, unless there are as many as there may be.
func (g *gather) hire(t task) bool {
	if g.hired.Add(1) > int64(g.p.MaxConcurrent) {
		g.hired.Add(-1)
		return false
	}
	g.workers.Go(func() {
		g.do(t)
		for next := range g.tasks {
			g.do(next)
		}
	})
	return true
}

// hirePause is the time that a new worker has to get its first connection on
// its way. Were all to start at once, connections that are there already would
// wait for the last one to have started, and connect_time would show that: see
// docs/performance.md.
const hirePause = time.Millisecond

// assign gives a task to whichever comes first, an idle worker or, in its turn,
// a new one. It is false when the context ends before.
func (g *gather) assign(t task) bool {
	var turn <-chan time.Time
	if hired := g.hired.Load(); hired < int64(g.p.MaxConcurrent) {
		timer := time.NewTimer(time.Until(g.start.Add(time.Duration(hired) * hirePause)))
		defer timer.Stop()
		turn = timer.C
	}
	for {
		select {
		case g.tasks <- t:
			return true
		case <-turn:
			if g.hire(t) {
				return true
			}
			turn = nil
		case <-g.ctx.Done():
			return false
		}
	}
}

// dispatch begins with each relay in its turn, spread over time.
func (g *gather) dispatch() {
	step := time.Duration(g.p.Spread) / time.Duration(len(g.p.roster))
	for i, r := range g.p.roster {
		if !sleepUntil(g.ctx, g.start.Add(time.Duration(i)*step)) {
			return
		}
		t := task{relay: r, target: &r.target}
		if r.expands() {
			t.target = nil
		}
		g.pending.Add(1)
		if !g.assign(t) {
			g.pending.Done()
			return
		}
	}
}

// sleepUntil is false when the context ends before.
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

func (g *gather) do(t task) {
	defer g.pending.Done()
	if g.stopped() {
		return
	}
	if t.target == nil {
		g.expand(t.relay)
		return
	}
	if !t.relay.expands() {
		g.probe(t, t.relay.itself())
		return
	}
	g.probe(t, t.relay.recall(t.target))
}

// expand asks DNS what a relay's name stands for and has that probed, by other
// workers as far as there may be some.
func (g *gather) expand(r *relay) {
	itself := r.recall(&r.target)
	if r.resting(itself, g.start) {
		g.p.stats.resting.Incr(1)
		return
	}
	start := time.Now()
	targets, failed := g.targets(r)
	if failed != nil {
		r.stands(itself)
		g.finish(r, itself, failed)
		return
	}
	itself.failures = 0
	named := make([]*memory, len(targets))
	for i := range targets {
		named[i] = r.recall(&targets[i])
	}
	r.stands(named...)
	spent := time.Since(start)
	for i := range targets {
		t := task{relay: r, target: &targets[i], spent: spent}
		g.pending.Add(1)
		if !g.offer(t) {
			g.do(t)
		}
	}
}

// targets are what a relay's name stands for, each once.
func (g *gather) targets(r *relay) ([]smtpprobe.Target, *smtpprobe.Result) {
	prober, err := g.p.prober(g.ctx, r, &r.target)
	if err != nil {
		return nil, misconfigured(&r.plan, r.plan.Depth, err)
	}
	found, failed := g.p.engine.expand(g.ctx, prober.Target, prober.Plan, r.all)
	if failed != nil {
		return nil, failed
	}
	seen := make(map[*memory]bool, len(found))
	targets := make([]smtpprobe.Target, 0, len(found))
	for _, t := range found {
		if m := r.recall(&t); !seen[m] {
			seen[m] = true
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// probe holds one session, unless the relay is left alone, and reports it.
func (g *gather) probe(t task, m *memory) {
	r := t.relay
	if r.resting(m, g.start) {
		g.p.stats.resting.Incr(1)
		return
	}
	depth := r.depthNow(m, g.start, g.p.sendAlways)
	prober, err := g.p.prober(g.ctx, r, t.target)
	if err != nil {
		g.finish(r, m, misconfigured(&r.plan, depth, err))
		return
	}
	prober.Plan.Depth = depth
	prober.Plan.Timeout = max(prober.Plan.Timeout-t.spent, 1)
	prober.Plan.STARTTLSExpected = m.offeredSTARTTLS
	result := g.p.engine.probe(g.ctx, prober)
	if auth := prober.Plan.Auth; auth != nil {
		if shown, ok := auth.Token.(*shownToken); ok {
			shown.learn(result)
		}
	}
	g.finish(r, m, result)
}

// finish learns from a result, reports it and writes it to the log.
func (g *gather) finish(r *relay, m *memory, result *smtpprobe.Result) {
	o := observe(result)
	m.last = outcome{err: result.Err, took: result.Total}
	// A probe that was stopped says nothing about the relay.
	if result.Err == nil || result.Err.Class != smtperr.ClassCanceled {
		o.changed = m.learn(o)
	}
	o.failures, o.lastSuccess = m.failures, m.lastSuccess
	g.p.report(g.acc, m.tags, o)
	g.p.stats.count(result)
	g.p.logFailure(r, m, result)
}

// misconfigured is the result of a probe that cannot be held: a secret cannot
// be had, or is not what it must be.
func misconfigured(plan *smtpprobe.Plan, depth smtpprobe.Depth, cause error) *smtpprobe.Result {
	err := smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, cause)
	r := &smtpprobe.Result{
		Depth: depth, Start: time.Now(), Err: err,
		Phases: []smtpprobe.PhaseResult{{Phase: smtperr.PhaseConfig, Err: err}},
	}
	for _, e := range plan.Expect {
		r.Expected = r.Expected || e.Matches(err)
	}
	return r
}
