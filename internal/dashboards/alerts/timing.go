package alerts

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Timing has the parameters of the rules.
type Timing struct {
	Interval  time.Duration // of the probes
	Slow      time.Duration // maximum mean time of a phase
	Silent    time.Duration // maximum time without an arrival in a flow
	Objective float64       // share of probes that have to succeed, such as 0.99
	// Minute is the length of a minute in the windows of the error budget. Tests set a
	// shorter one.
	Minute time.Duration
}

// DefaultTiming returns the timing of the files in the folder dashboards/alerts.
func DefaultTiming() Timing {
	return Timing{Interval: time.Minute, Slow: 2 * time.Second, Silent: 30 * time.Minute, Objective: 0.99, Minute: time.Minute}
}

// Validate returns an error if Prometheus cannot express the interval, if a single lost
// probe would break the objective, or if the objective is so low that the fastest alert
// could never fire.
func (t Timing) Validate() error {
	if t.Interval < time.Millisecond || t.Interval%time.Millisecond != 0 {
		return fmt.Errorf("invalid interval %s: must be whole milliseconds, at least 1ms", t.Interval)
	}
	if t.Slow <= 0 || t.Silent <= 0 || t.Minute <= 0 {
		return errors.New("invalid timing: durations must be above zero")
	}
	if !(t.Objective > 0 && t.Objective < 1) { // also NaN
		return fmt.Errorf("invalid objective %v: must be above 0 and below 1", t.Objective)
	}
	highest, lowest := 1.0, 0.0
	for _, b := range burns {
		// One failure among the probes of the long window has to stay below
		// the threshold factor*(1-objective).
		probes := math.Floor(float64(t.minutes(b.Long)) / float64(t.Interval))
		if probes < 1 {
			return fmt.Errorf("invalid interval %s: an error budget needs a probe within %s", t.Interval, t.minutes(b.Long))
		}
		highest = min(highest, 1-1/(probes*b.Factor))
		lowest = max(lowest, 1-1/b.Factor)
	}
	const digits = 1e5
	highest, lowest = math.Floor(highest*digits)/digits, math.Ceil(lowest*digits)/digits
	switch {
	case highest <= lowest:
		return fmt.Errorf("invalid interval %s: a single lost probe would break every objective", t.Interval)
	case t.Objective > highest:
		return fmt.Errorf("invalid objective %v: with a probe every %s a single lost probe would break it; must be at most %v", t.Objective, t.Interval, highest)
	case t.Objective <= lowest:
		return fmt.Errorf("invalid objective %v: the alert on %gx its budget could never fire; must be above %v", t.Objective, burns[0].Factor, lowest)
	}
	return nil
}

// minutes returns the length of n minutes in the windows of the error budget.
func (t Timing) minutes(n int) time.Duration { return t.Minute * time.Duration(n) }

// intervals formats n probe intervals.
func (t Timing) intervals(n int) string { return duration(t.Interval * time.Duration(n)) }

// duration formats a duration for all systems: a whole number of one unit.
func duration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return fmt.Sprintf("%dms", d.Milliseconds())
}

// Scaled replaces numbers of intervals, such as {10}, by durations.
func (t Timing) Scaled(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "}")
		if n, err := strconv.Atoi(inside); err == nil {
			b.WriteString(t.intervals(n))
			text = after
			continue
		}
		b.WriteString("{")
		text = rest
	}
}
