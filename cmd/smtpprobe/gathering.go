package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/models"

	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// grace is how long a cancelled gather, and a reader of our metrics that has
// stopped reading, may hold up the end. execd kills after 5 s.
const grace = 3 * time.Second

// gathering runs inputs and writes their metrics. It stands in for Telegraf's
// shim, which holds one input, passes over the settings that all inputs have
// (alias, tags, name_override, filters, ...), logs in a form that loses its
// level in execd, and waits for a running gather when it is told to end.
type gathering struct {
	inputs []*models.RunningInput
	out    io.Writer
	poll   time.Duration
}

// once gathers once from every input.
func (g *gathering) once(ctx context.Context) error {
	return g.run(ctx, func(_ context.Context, in *models.RunningInput, acc telegraf.Accumulator) error {
		if p, ok := in.Input.(*plugin.SMTPProbe); ok {
			p.SendAlways()
		}
		return in.Gather(acc)
	})
}

// untilClosed gathers for every line of stdin, and by the clock if asked to,
// until stdin closes, a signal arrives or stdout breaks.
func (g *gathering) untilClosed(ctx context.Context, stdin io.Reader) error {
	intervals, err := g.intervals()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	prompts := newPrompts(g.inputs)
	go func() {
		defer cancel()
		prompts.fromLines(stdin)
	}()

	return g.run(ctx, func(ctx context.Context, in *models.RunningInput, acc telegraf.Accumulator) error {
		tick, stop := ticks(intervals[in])
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-prompts[in]:
			case <-tick:
			}
			if ctx.Err() == nil { // the end goes before another gather
				acc.AddError(in.Gather(acc))
			}
		}
	})
}

// intervals are those at which each input polls: its own, else the command
// line's.
func (g *gathering) intervals() (map[*models.RunningInput]time.Duration, error) {
	intervals := make(map[*models.RunningInput]time.Duration, len(g.inputs))
	for _, in := range g.inputs {
		own := in.Config.Interval
		if g.poll == 0 {
			if own > 0 {
				in.Log().Infof("interval %s has no effect here: the interval of inputs.execd decides", own)
			}
			continue
		}
		intervals[in] = cmp.Or(own, g.poll)
		if p, ok := in.Input.(*plugin.SMTPProbe); ok {
			if err := p.CheckInterval(intervals[in]); err != nil {
				return nil, fmt.Errorf("%s: %w", in.LogName(), err)
			}
		}
	}
	return intervals, nil
}

type gatherFunc func(context.Context, *models.RunningInput, telegraf.Accumulator) error

// run starts every input, lets gather work on each, and writes what they yield
// until all are done or the context ends.
func (g *gathering) run(ctx context.Context, gather gatherFunc) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	metrics := make(chan telegraf.Metric)
	written := make(chan struct{})
	go func() {
		defer close(written)
		writeMetrics(g.out, metrics, cancel)
	}()

	failed := make(chan error, len(g.inputs))
	var gathers sync.WaitGroup
	for _, in := range g.inputs {
		acc := agent.NewAccumulator(in, metrics)
		acc.SetPrecision(precision(in))
		running, err := start(in, acc)
		if err != nil {
			cancel(err)
			break
		}
		if !running {
			continue
		}
		stop := sync.OnceFunc(in.Stop)
		context.AfterFunc(ctx, stop)
		gathers.Go(func() {
			defer stop()
			if err := gather(ctx, in, acc); err != nil {
				failed <- fmt.Errorf("%s: %w", in.LogName(), err)
			}
		})
	}
	go func() {
		gathers.Wait()
		close(metrics)
	}()

	select {
	case <-written:
	case <-expired(ctx, grace):
		// A metric nobody reads, or an input that does not stop, goes down with the process.
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// expired is closed some time after a context's end.
func expired(ctx context.Context, after time.Duration) <-chan struct{} {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(after, func() { close(c) }) })
	return c
}

// start makes an input ready. As in Telegraf's agent, one whose probe fails with
// startup_error_behavior = "probe" is left out.
func start(in *models.RunningInput, acc telegraf.Accumulator) (running bool, err error) {
	if err := in.Start(acc); err != nil {
		return false, fmt.Errorf("%s: %w", in.LogName(), err)
	}
	if err := in.Probe(); err != nil {
		in.Log().Infof("failed to probe, left out: %v", err)
		in.Stop()
		return false, nil
	}
	return true, nil
}
