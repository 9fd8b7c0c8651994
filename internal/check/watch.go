package check

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// DefaultInterval is the default time between the rounds of a watch. It is also
// Telegraf's usual interval.
const DefaultInterval = 10 * time.Second

const (
	minInterval        = time.Second
	minMessageInterval = time.Minute
)

// ValidateInterval returns an error if relays must not be probed this often.
// Probes that send a message need a longer interval.
func ValidateInterval(relays []Relay, interval time.Duration) error {
	if interval < minInterval {
		return fmt.Errorf("interval %s: must be at least %s", interval, minInterval)
	}
	for i := range relays {
		if relays[i].plan.Depth == smtpprobe.DepthSend && interval < minMessageInterval {
			return fmt.Errorf("interval %s: must be at least %s, since each probe of depth send sends a message", interval, minMessageInterval)
		}
	}
	return nil
}

// Watch calls probe at the interval and passes the outcomes to show, until ctx is
// done or show fails. It returns the error of show. Rounds do not overlap: a
// round that takes longer than the interval delays the next one. Probes that the
// end of ctx canceled are not shown.
func Watch(ctx context.Context, interval time.Duration, probe func(context.Context) []Outcome, show func([]Outcome) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		outcomes := probe(ctx)
		if ctx.Err() != nil {
			outcomes = slices.DeleteFunc(outcomes, func(o Outcome) bool { return o.Class == canceled })
		}
		if err := show(outcomes); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return nil
}
