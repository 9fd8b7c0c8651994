package execd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/models"
	"github.com/stretchr/testify/require"
)

func TestPrompts_Interval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		gaps     []time.Duration
		interval time.Duration
	}{
		{name: "one prompt"},
		{name: "two prompts", gaps: []time.Duration{time.Second}},
		{name: "three prompts", gaps: []time.Duration{time.Second, time.Second}, interval: time.Second},
		{name: "jitter", gaps: []time.Duration{8 * time.Second, 12 * time.Second, 10 * time.Second, 9 * time.Second, 11 * time.Second}, interval: 10 * time.Second},
		{name: "pause", gaps: []time.Duration{time.Second, time.Second, time.Hour, time.Second}, interval: time.Second},
		{name: "burst", gaps: []time.Duration{0, 0, 0, 0}},
		{name: "burst after a pause", gaps: []time.Duration{time.Second, time.Minute, 0, 0, 0, time.Second}, interval: time.Second},
		{
			name: "changed interval",
			gaps: []time.Duration{
				time.Second, time.Second, time.Second, time.Second, time.Second, time.Second, time.Second, time.Second,
				time.Minute, time.Minute, time.Minute, time.Minute, time.Minute,
			},
			interval: time.Minute,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPrompts(nil)
			now := time.Now()
			p.record(now)
			for _, gap := range tt.gaps {
				now = now.Add(gap)
				p.record(now)
			}
			require.Equal(t, tt.interval, p.interval())
		})
	}
}

func TestPrompts_FromLines(t *testing.T) {
	t.Parallel()
	in := &models.RunningInput{}
	p := newPrompts([]*models.RunningInput{in})
	p.fromLines(strings.NewReader(strings.Repeat("x", 1<<20) + "\n\n\nnot a line"))
	require.Len(t, p.of[in], 1, "a queue of one")
	_, open := <-p.of[in]
	require.True(t, open)
	_, open = <-p.of[in]
	require.False(t, open, "no more lines")

	p = newPrompts([]*models.RunningInput{in})
	p.fromLines(strings.NewReader("not a line"))
	_, open = <-p.of[in]
	require.False(t, open)
}

func TestSlowGather(t *testing.T) {
	t.Parallel()
	var warnings []string
	s := &slowGather{warn: func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }}
	s.check(time.Hour, 0)
	s.check(time.Second, time.Second)
	require.Empty(t, warnings)
	for range 3 {
		s.check(2*time.Second, time.Second)
	}
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "a gather took 2s, longer than the interval of 1s")
}

// blockedWriter blocks in its first Write.
type blockedWriter struct{ called chan struct{} }

func (s *blockedWriter) Write([]byte) (int, error) {
	close(s.called)
	select {}
}

func TestLog_Close_BlockedWriter(t *testing.T) {
	out := &blockedWriter{called: make(chan struct{})}
	l, err := newLog(out, telegraf.Info)
	require.NoError(t, err)
	l.loaded(nil)
	l.print(telegraf.Info, time.Time{}, "", nil, "the first line")
	<-out.called
	for i := range maxQueued + 10 {
		l.print(telegraf.Info, time.Time{}, "", nil, i)
	}
	l.Close()
	require.Equal(t, 10, l.dropped)
}
