package execd

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/influxdata/telegraf/models"
)

// prompts passes requests to gather from standard input to the inputs. Each input
// has a queue of one request: after a gather that takes too long, only one more
// follows.
type prompts struct {
	of map[*models.RunningInput]chan struct{}

	mu   sync.Mutex
	last time.Time
	gaps []time.Duration // times between the last prompts, the latest at the end
}

func newPrompts(inputs []*models.RunningInput) *prompts {
	p := &prompts{of: make(map[*models.RunningInput]chan struct{}, len(inputs))}
	for _, in := range inputs {
		p.of[in] = make(chan struct{}, 1)
	}
	return p
}

// fromLines prompts all inputs for every line of r, and then closes their channels.
func (p *prompts) fromLines(r io.Reader) {
	defer func() {
		for _, c := range p.of {
			close(c)
		}
	}()
	in := bufio.NewReader(r)
	for {
		_, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return
		}
		p.record(time.Now())
		for _, c := range p.of {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}

const (
	maxGaps = 9
	minGaps = 2
	minGap  = 50 * time.Millisecond // prompts at shorter intervals are a burst
)

// record records the time of a prompt.
func (p *prompts) record(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	gap := now.Sub(p.last)
	if first := p.last.IsZero(); !first && gap >= minGap {
		p.gaps = append(p.gaps, gap)
		p.gaps = p.gaps[max(0, len(p.gaps)-maxGaps):]
	}
	p.last = now
}

// interval returns the interval between prompts, or 0 if it is not known yet. It is
// a median, so a collection_jitter or a pause of the machine does not change it.
func (p *prompts) interval() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.gaps) < minGaps {
		return 0
	}
	return slices.Sorted(slices.Values(p.gaps))[len(p.gaps)/2]
}

// slowGather warns once if a gather takes longer than the interval.
type slowGather struct {
	warn   func(format string, args ...any)
	warned bool
}

// check compares the duration of a gather with the interval, if that is known.
func (s *slowGather) check(took, interval time.Duration) {
	if s.warned || interval <= 0 || took <= interval {
		return
	}
	s.warned = true
	s.warn("a gather took %s, longer than the interval of %s: lower timeout or spread, raise max_concurrent or the interval",
		took.Round(time.Millisecond), interval.Round(time.Millisecond))
}

// ticks returns the channel of a ticker. It is nil without an interval.
func ticks(interval time.Duration) (c <-chan time.Time, stop func()) {
	if interval <= 0 {
		return nil, func() {}
	}
	t := time.NewTicker(interval)
	return t.C, t.Stop
}
