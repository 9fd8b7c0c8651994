package smtpprobe

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/stretchr/testify/require"
)

// debugLog records the debug lines. It panics at any other level, because the
// failure of a relay must not be logged at another level.
type debugLog struct {
	telegraf.Logger

	mu    sync.Mutex
	lines []string
}

func (*debugLog) Level() telegraf.LogLevel { return telegraf.Debug }

func (l *debugLog) Debugf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *debugLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// record is an accumulator of Telegraf that records its metrics.
type record struct {
	telegraf.Accumulator
	mu      sync.Mutex
	metrics []telegraf.Metric
	arrived chan telegraf.Metric
}

func newRecord(t testing.TB) *record {
	t.Helper()
	r := &record{arrived: make(chan telegraf.Metric, 100_000)}
	r.Accumulator = agent.NewAccumulator(maker{t}, r.arrived)
	r.SetPrecision(time.Nanosecond)
	return r
}

// maker returns metrics unchanged. An error fails the test.
type maker struct{ t testing.TB }

func (maker) LogName() string                              { return "test" }
func (maker) MakeMetric(m telegraf.Metric) telegraf.Metric { return m }
func (m maker) Log() telegraf.Logger                       { return failingLog{t: m.t} }

type failingLog struct {
	telegraf.Logger
	t testing.TB
}

func (e failingLog) Errorf(format string, args ...any) { e.t.Errorf(format, args...) }

// all returns the metrics added so far.
func (r *record) all() []telegraf.Metric {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		select {
		case m := <-r.arrived:
			r.metrics = append(r.metrics, m)
		default:
			return slices.Clone(r.metrics)
		}
	}
}

// named returns the metrics of one measurement, sorted by relay.
func (r *record) named(measurement string) []telegraf.Metric {
	found := slices.DeleteFunc(r.all(), func(m telegraf.Metric) bool { return m.Name() != measurement })
	slices.SortStableFunc(found, func(a, b telegraf.Metric) int { return strings.Compare(a.Tags()["relay"], b.Tags()["relay"]) })
	return found
}

// only returns the metric of a measurement, which must be the only one.
func (r *record) only(t testing.TB, measurement string) telegraf.Metric {
	t.Helper()
	found := r.named(measurement)
	require.Len(t, found, 1)
	return found[0]
}
