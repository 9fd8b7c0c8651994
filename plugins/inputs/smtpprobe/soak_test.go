//go:build soak

package smtpprobe

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// The soak test gathers from every relay of the demonstration as fast as it can. In
// between it stops and reloads during a gather and lets gathers overlap. An hour at
// Telegraf's default interval of 10 s is 360 gathers.
const (
	soakInstances = 4 // concurrent, each with all relays
	hourOfGathers = 360
	settleTime    = 30 * time.Second // for the relays to close their connections
)

// soakTimeouts shortens the timeouts of relays of the demonstration.
var soakTimeouts = map[string]string{"silent": "500ms", "slow": "500ms"}

func TestSoak(t *testing.T) {
	duration, err := time.ParseDuration(cmp.Or(os.Getenv("SOAK_TIME"), "1m"))
	require.NoError(t, err)
	dir := t.TempDir()
	fleet, err := demo.Start(t.Context(), demo.Options{Ephemeral: true, Dir: dir})
	require.NoError(t, err)
	defer fleet.Close()
	instances := make([]*soaked, soakInstances)
	for i := range instances {
		loaded, err := load(t, soakConfig(fleet, dir))
		require.NoError(t, err)
		instances[i] = &soaked{t: t, fleet: fleet, plugin: loaded, relays: loaded.Relays}
		require.NoError(t, loaded.Init())
		instances[i].plugin.Log = discardLog{}
		instances[i].plugin.SendAlways()
	}

	cold := footprintNow(instances)
	start := time.Now()
	soakRound(instances, start.Add(duration/10))
	warm := footprintNow(instances)
	t.Logf("warm after %d gathers: %s", warm.gathers, warm)
	for part := 2; part <= 10; part++ {
		soakRound(instances, start.Add(duration*time.Duration(part)/10))
		now := footprintNow(instances)
		t.Logf("after %d gathers: %s", now.gathers, now)
	}
	// The garbage collector closes unreferenced connections, which would hide a leak.
	percent := debug.SetGCPercent(-1)
	for _, s := range instances {
		s.complete(s.gather())
		s.stopped()
	}
	last := settled(cold)
	debug.SetGCPercent(percent)
	heap := footprintNow(instances)
	t.Logf("%d gathers, %.1f hours at an interval of 10 s: %s", heap.gathers, float64(heap.gathers)/hourOfGathers, heap)
	require.LessOrEqual(t, last.goroutines, cold.goroutines, "leaked goroutines")
	require.LessOrEqual(t, last.descriptors, cold.descriptors, "leaked descriptors")
	require.LessOrEqual(t, heap.heap, warm.heap+warm.heap/4+1<<20, "the heap grows")
}

// settled waits until the footprint is not larger than before: the relays end a
// session later than the probes.
func settled(before footprint) footprint {
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		now := resources()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors || time.Since(start) > settleTime {
			return now
		}
	}
}

// soakConfig returns the configuration of an instance with all relays.
func soakConfig(fleet *demo.Fleet, dir string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n helo = \"probe.example\"\n tls_ca = %q\n metrics = [\"phase\", \"recipient\"]\n", filepath.Join(dir, demo.CAFile))
	for _, r := range fleet.Relays() {
		fmt.Fprintf(&b, "[[inputs.smtpprobe.relay]]\n name = %q\n url = %q\n %s\n", r.Name, r.URL, strings.Join(r.Settings, "\n "))
		if timeout := soakTimeouts[r.Name]; timeout != "" {
			fmt.Fprintf(&b, " timeout = %q\n", timeout)
		}
	}
	b.WriteString("[[inputs.smtpprobe.group]]\n name = \"outbound\"\n relays = [\"closed\", \"healthy\"]\n")
	return b.String()
}

// soakRound makes all instances gather concurrently until a given time.
func soakRound(instances []*soaked, until time.Time) {
	var round sync.WaitGroup
	for _, s := range instances {
		round.Go(func() {
			for time.Now().Before(until) {
				s.next()
			}
		})
	}
	round.Wait()
}

// soaked is one instance and the number of its gathers.
type soaked struct {
	t       *testing.T
	fleet   *demo.Fleet
	plugin  *SMTPProbe
	relays  []*Relay // as loaded
	gathers int
}

// next gathers in one of several ways.
func (s *soaked) next() {
	s.gathers++
	switch {
	case s.gathers%11 == 0:
		s.stopped()
		s.reload()
	case s.gathers%7 == 0:
		s.stopped()
		if err := s.plugin.Start(nil); err != nil {
			s.t.Error(err)
		}
	case s.gathers%5 == 0:
		s.overlapping()
	default:
		s.complete(s.gather())
	}
}

func (s *soaked) gather() *record {
	acc := newRecord(s.t)
	if err := s.plugin.Gather(acc); err != nil {
		s.t.Error(err)
	}
	return acc
}

// overlapping starts two gathers at the same time. Each must be complete.
func (s *soaked) overlapping() {
	s.gathers++
	var other *record
	var both sync.WaitGroup
	both.Go(func() { other = s.gather() })
	s.complete(s.gather())
	both.Wait()
	s.complete(other)
}

// stopped stops a gather after its first metric. Probes that are not canceled must
// have their usual outcome.
func (s *soaked) stopped() {
	acc := newRecord(s.t)
	var gather sync.WaitGroup
	gather.Go(func() {
		if err := s.plugin.Gather(acc); err != nil {
			s.t.Error(err)
		}
	})
	first := <-acc.arrived
	s.plugin.Stop()
	gather.Wait()
	s.compare(append(acc.named("smtpprobe"), first))
}

// reload replaces the plugin by a new one with the same settings, as Telegraf does
// for SIGHUP.
func (s *soaked) reload() {
	old := s.plugin
	s.plugin = New()
	s.plugin.SendAlways()
	s.plugin.Relays, s.plugin.Groups, s.plugin.Metrics, s.plugin.Settings, s.plugin.Log = s.relays, old.Groups, old.Metrics, old.Settings, old.Log
	if err := s.plugin.Init(); err != nil {
		s.t.Error(err)
	}
}

// complete requires a metric of each relay and of the group.
func (s *soaked) complete(acc *record) {
	metrics := acc.named("smtpprobe")
	if len(metrics) != len(s.fleet.Relays()) || len(acc.named("smtpprobe_group")) != 1 {
		s.t.Errorf("gather %d: %d metrics of %d relays", s.gathers, len(metrics), len(s.fleet.Relays()))
	}
	s.compare(metrics)
}

// compare compares the outcomes with the expected ones.
func (s *soaked) compare(metrics []telegraf.Metric) {
	expected := make(map[string][]demo.Outcome)
	for _, r := range s.fleet.Relays() {
		if soakTimeouts[r.Name] == "" {
			expected[r.Name] = r.Outcomes
		}
	}
	for _, m := range metrics {
		tags := m.Tags()
		outcomes, known := expected[tags["relay"]]
		if m.Name() != "smtpprobe" || !known || tags["error_class"] == smtperr.ClassCanceled.String() {
			continue
		}
		if !isExpected(outcomes, tags) {
			s.t.Errorf("gather %d: %v %v", s.gathers, tags, m.Fields()["error"])
		}
	}
}

func isExpected(outcomes []demo.Outcome, tags map[string]string) bool {
	for _, o := range outcomes {
		if o.Class.String() == tags["error_class"] && string(o.Phase) == tags["phase"] {
			return true
		}
	}
	return false
}

// footprint is the resource usage of the process.
type footprint struct {
	gathers, goroutines, descriptors int
	heap                             uint64
}

func (f footprint) String() string {
	return fmt.Sprintf("heap %.1f MiB, %d goroutines, %d descriptors", float64(f.heap)/(1<<20), f.goroutines, f.descriptors)
}

// resources returns the footprint without memory.
func resources() footprint {
	f := footprint{goroutines: runtime.NumGoroutine()}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil { // Linux only
		f.descriptors = len(open)
	}
	return f
}

func footprintNow(instances []*soaked) footprint {
	f := resources()
	for _, s := range instances {
		f.gathers += s.gathers
	}
	// Pools release their content in the second collection.
	runtime.GC() //nolint:revive // garbage does not count
	runtime.GC() //nolint:revive // see above
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = m.HeapAlloc
	return f
}

// discardLog discards all lines. Its level is debug, so probes record transcripts.
type discardLog struct{ telegraf.Logger }

func (discardLog) Level() telegraf.LogLevel { return telegraf.Debug }
func (discardLog) Debugf(string, ...any)    {}
