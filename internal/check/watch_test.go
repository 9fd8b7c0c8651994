package check

import (
	"bytes"
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
		Error: "smtp: greeting: 421 busy", Meaning: "meaning", Advice: "advice",
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
	require.NoError(t, Watch(ctx, time.Hour, probe, func(o []Outcome) error {
		tally.Add(o)
		return nil
	}))
	require.Equal(t, 1, tally.probes)
	require.False(t, tally.Failed())
}

func TestWatch_ShowFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	err := Watch(t.Context(), time.Hour, func(context.Context) []Outcome { return nil }, func([]Outcome) error { return broken })
	require.ErrorIs(t, err, broken)
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := NewLog(&out)
	const at = `0001-01-01 \d\d:\d\d:\d\d  `
	for _, step := range []struct {
		name, class, want string
	}{
		{name: "success", class: summary.None, want: `OK      mx: the relay accepts a session, 2\.00 ms\n`},
		{name: "first failure", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n  means        meaning\n(  .*\n)+  what to do   advice\n  retry        no \(permanent\)\n`},
		{name: "same failure", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n`},
		{name: "success again", class: summary.None, want: `OK      mx: .*\n`},
		{name: "same failure after a success", class: "service_unavailable", want: `FAILED  mx: service_unavailable: greeting: 421 busy\n`},
		{name: "other failure", class: "disconnected", want: `FAILED  mx: disconnected: greeting: 421 busy\n  means        meaning\n(  .*\n)+`},
	} {
		out.Reset()
		require.NoError(t, l.Write([]Outcome{outcome("mx", step.class)}))
		require.Regexp(t, "^"+at+step.want+"$", out.String(), step.name)
	}
	out.Reset()
	require.NoError(t, l.Close())
	require.Equal(t, `
6 probes in 0s: 2 OK, 4 FAILED
time of those OK: 2.00 ms to 2.00 ms, mean 2.00 ms
       2  mx  OK
       3  mx  FAILED  service_unavailable
       1  mx  FAILED  disconnected
`, out.String())
	require.True(t, l.Failed())
}

func TestValidateInterval(t *testing.T) {
	t.Parallel()
	send := []Relay{{}, {plan: smtpprobe.Plan{Depth: smtpprobe.DepthSend}}}
	require.NoError(t, ValidateInterval([]Relay{{}}, time.Second))
	require.NoError(t, ValidateInterval(send, time.Minute))
	require.EqualError(t, ValidateInterval([]Relay{{}}, 999*time.Millisecond), "interval 999ms: must be at least 1s")
	require.ErrorContains(t, ValidateInterval(send, 59*time.Second), "interval 59s: must be at least 1m0s")
}

func TestReporter_Wrapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, value string
		wrap        int
		want        []string
	}{
		{name: "no terminal", value: "a long value that stays as it is", want: []string{"a long value that stays as it is"}},
		{name: "short", wrap: 40, value: "a short value", want: []string{"a short value"}},
		{name: "long", wrap: 40, value: "Check the relay's access rules and block lists.", want: []string{"Check the relay's access", "rules and block lists."}},
		{name: "long word", wrap: 40, value: "see 0123456789012345678901234567890123456789 here", want: []string{"see", "0123456789012345678901234567890123456789", "here"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, (&reporter{wrap: tt.wrap}).wrapped(tt.value))
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	s := &summary.Summary{
		Error: "smtp: greeting: i/o timeout", Verdict: summary.Verdict{Class: "read_timeout", Reason: "no_greeting", Phase: "greeting"},
		Phases: []summary.Phase{{Phase: "greeting", Time: summary.Seconds(9 * time.Second)}},
	}
	require.Equal(t, "greeting: timed out after 9.0 s", errorText(s))
	s.Phases[0].Time = summary.Seconds(1500 * time.Microsecond)
	require.Equal(t, "greeting: timed out after 1.50 ms", errorText(s))
}

func TestRetry(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	require.Equal(t, "no (permanent)", retry(&summary.Summary{Temporary: &no}))
	require.Equal(t, "yes (temporary)", retry(&summary.Summary{Temporary: &yes}))
	require.Equal(t, "yes (temporary), but the message may arrive twice", retry(&summary.Summary{Temporary: &yes, OutcomeUnknown: true}))
}

func TestTotal(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2 probes: 2 OK", total([]Outcome{outcome("a", summary.None), outcome("b", summary.None)}))
	require.Equal(t, "2 probes: 1 OK, 1 FAILED: b", total([]Outcome{outcome("a", summary.None), outcome("b", "disconnected")}))
	many := make([]Outcome, 0, 12)
	for range 12 {
		many = append(many, outcome("x", "disconnected"))
	}
	require.Equal(t, "12 probes: 0 OK, 12 FAILED: x, x, x, x, x, x, x, x, x, x and 2 more", total(many))
}
