package check

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func outcome(name, class string) Outcome {
	return Outcome{Name: name, relay: &Relay{Name: name}, Summary: &summary.Summary{
		Probe: "ehlo", Success: class == summary.None, Total: summary.Seconds(2 * time.Millisecond),
		Error: "smtp: greeting: 421 busy", Meaning: "meaning of " + class, Advice: "advice",
		Verdict: summary.Verdict{Class: class, Reason: summary.None, Phase: "greeting", Fault: "relay"},
	}}
}

func TestWatch_Interval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var starts []time.Duration
		probe := func(context.Context) []Outcome {
			starts = append(starts, time.Since(start))
			if len(starts) == 2 {
				time.Sleep(25 * time.Second) // longer than the interval
			}
			return []Outcome{outcome("mx", summary.None)}
		}
		shown := 0
		require.NoError(t, Watch(ctx, 10*time.Second, probe, func([]Outcome) error {
			if shown++; shown == 4 {
				cancel()
			}
			return nil
		}))
		require.Equal(t, []time.Duration{0, 10 * time.Second, 35 * time.Second, 40 * time.Second}, starts)
	})
}

func TestWatch_Canceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	probe := func(context.Context) []Outcome {
		cancel()
		return []Outcome{outcome("mx1", summary.None), outcome("mx2", canceled)}
	}
	var tally Tally
	require.False(t, tally.Succeeded(), "no probe")
	require.NoError(t, Watch(ctx, time.Hour, probe, func(o []Outcome) error {
		tally.Add(o)
		return nil
	}))
	require.Equal(t, 1, tally.probes)
	require.True(t, tally.Succeeded())
}

func TestWatch_ShowFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	err := Watch(t.Context(), time.Hour, func(context.Context) []Outcome { return nil }, func([]Outcome) error { return broken })
	require.ErrorIs(t, err, broken)
}

func TestValidateInterval(t *testing.T) {
	t.Parallel()
	send := []Relay{{}, {plan: smtpprobe.Plan{Depth: smtpprobe.DepthSend}}}
	require.NoError(t, ValidateInterval([]Relay{{}}, time.Second))
	require.NoError(t, ValidateInterval(send, time.Minute))
	require.EqualError(t, ValidateInterval([]Relay{{}}, 999*time.Millisecond), "interval 999ms: must be at least 1s")
	require.ErrorContains(t, ValidateInterval(send, 59*time.Second), "interval 59s: must be at least 1m0s")
}
