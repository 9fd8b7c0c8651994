package execd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/models"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// drain is the time that gathers may continue after stdin is closed. Together with
// Grace it is below 5 s, after which inputs.execd kills the program.
const drain = time.Second

// gathering runs inputs and writes their metrics.
type gathering struct {
	inputs []*models.RunningInput
	out    io.Writer
	poll   time.Duration
}

// once gathers once from every input. A reader that closes the pipe early, such as
// head, is not an error.
func (g *gathering) once(ctx context.Context) error {
	err := g.run(ctx, func(_ context.Context, in *models.RunningInput, acc telegraf.Accumulator) error {
		if p, ok := in.Input.(*plugin.SMTPProbe); ok {
			p.SendAlways()
		}
		return in.Gather(acc)
	})
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// untilClosed gathers for every line of stdin, and at an interval if there is one,
// until stdin is closed, ctx ends or the output breaks. When stdin is closed, the
// gather that its last line requested may run for at most drain.
func (g *gathering) untilClosed(ctx context.Context, stdin io.Reader) error {
	intervals := g.intervals()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	prompts := newPrompts(g.inputs)
	go func() {
		prompts.fromLines(stdin)
		time.AfterFunc(drain, cancel)
	}()

	return g.run(ctx, func(ctx context.Context, in *models.RunningInput, acc telegraf.Accumulator) error {
		tick, stop := ticks(intervals[in])
		defer stop()
		slow := &slowGather{warn: in.Log().Warnf}
		for {
			select {
			case <-ctx.Done():
				return nil
			case _, open := <-prompts.of[in]:
				if !open {
					return nil
				}
			case <-tick:
			}
			if ctx.Err() != nil { // the end takes precedence over the next gather
				return nil
			}
			began := time.Now()
			acc.AddError(in.Gather(acc))
			if ctx.Err() == nil {
				slow.check(time.Since(began), cmp.Or(intervals[in], prompts.interval()))
			}
		}
	})
}

// intervals returns the polling interval of each input: its own or that of the
// command line. Without polling it returns no intervals. A timeout above the
// interval of the command line is only a warning, because the interval of
// inputs.execd is not known either.
func (g *gathering) intervals() map[*models.RunningInput]time.Duration {
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
				in.Log().Warnf("%v", err)
			}
		}
	}
	return intervals
}

type gatherFunc func(context.Context, *models.RunningInput, telegraf.Accumulator) error

// run starts every input, calls gather for each and writes their metrics, until
// all gathers have returned or the context ends.
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
		running, err := console.Await(ctx, func() (bool, error) { return start(in, acc) })
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
	case <-expired(ctx, Grace):
		// Give up on a metric that nobody reads or an input that does not stop.
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

// expired returns a channel that is closed some time after the context ends.
func expired(ctx context.Context, after time.Duration) <-chan struct{} {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(after, func() { close(c) }) })
	return c
}

// start starts an input. As in Telegraf's agent, an input whose Probe fails with
// startup_error_behavior = "probe" is skipped: running is false.
func start(in *models.RunningInput, acc telegraf.Accumulator) (running bool, err error) {
	if err := in.Start(acc); err != nil {
		return false, fmt.Errorf("%s: %w", in.LogName(), err)
	}
	if err := in.Probe(); err != nil {
		in.Log().Infof("failed to probe, skipped: %v", err)
		in.Stop()
		return false, nil
	}
	return true, nil
}
