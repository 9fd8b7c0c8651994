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

// The soak gathers from every relay of the demonstration, again and again, as
// fast as it can, and in between stops and reloads during a gather and lets
// gathers overlap. An hour at Telegraf's usual interval of 10 s is 360 gathers.
const (
	soakInstances = 4 // side by side, each with all the relays
	hourOfGathers = 360
	settleTime    = 30 * time.Second // until the relays have closed their connections
)

// soakTimeouts are shorter than the demonstration's where it would cost time.
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
		instances[i].plugin.Log = deaf{}
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
	// The collector closes what was forgotten: it must have nothing to do with this.
	percent := debug.SetGCPercent(-1)
	for _, s := range instances {
		s.complete(s.gather())
		s.stopped()
	}
	last := settled(cold)
	debug.SetGCPercent(percent)
	heap := footprintNow(instances)
	t.Logf("%d gathers, %.1f hours at an interval of 10 s: %s", heap.gathers, float64(heap.gathers)/hourOfGathers, heap)
	require.LessOrEqual(t, last.goroutines, cold.goroutines, "goroutines were left behind")
	require.LessOrEqual(t, last.descriptors, cold.descriptors, "descriptors were left behind")
	require.LessOrEqual(t, heap.heap, warm.heap+warm.heap/4+1<<20, "the heap grows")
}

// settled waits until no more is held than before: the relays notice later than
// the probes that a session is over.
func settled(before footprint) footprint {
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		now := held()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors || time.Since(start) > settleTime {
			return now
		}
	}
}

// soakConfig is an instance with all the relays.
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

// soakRound lets all instances gather side by side until a point in time.
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

// soaked is one instance and how often it has gathered.
type soaked struct {
	t       *testing.T
	fleet   *demo.Fleet
	plugin  *SMTPProbe
	relays  []*Relay // as loaded
	gathers int
}

// next is one gather, of one kind or another.
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

// overlapping gathers take turns: each is complete.
func (s *soaked) overlapping() {
	s.gathers++
	var other *record
	var both sync.WaitGroup
	both.Go(func() { other = s.gather() })
	s.complete(s.gather())
	both.Wait()
	s.complete(other)
}

// stopped ends a gather after its first metric. The probes that were not canceled
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
	s.judge(append(acc.named("smtpprobe"), first))
}

// reload makes a new plugin of the same settings, as Telegraf does for SIGHUP.
func (s *soaked) reload() {
	old := s.plugin
	s.plugin = New()
	s.plugin.SendAlways()
	s.plugin.Relays, s.plugin.Groups, s.plugin.Metrics, s.plugin.Settings, s.plugin.Log = s.relays, old.Groups, old.Metrics, old.Settings, old.Log
	if err := s.plugin.Init(); err != nil {
		s.t.Error(err)
	}
}

// complete checks that there is a metric of each relay, and that of the group.
func (s *soaked) complete(acc *record) {
	metrics := acc.named("smtpprobe")
	if len(metrics) != len(s.fleet.Relays()) || len(acc.named("smtpprobe_group")) != 1 {
		s.t.Errorf("gather %d: %d metrics of %d relays", s.gathers, len(metrics), len(s.fleet.Relays()))
	}
	s.judge(metrics)
}

// judge compares the outcomes with the expected ones.
func (s *soaked) judge(metrics []telegraf.Metric) {
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

// footprint is the use of resources by the process.
type footprint struct {
	gathers, goroutines, descriptors int
	heap                             uint64
}

func (f footprint) String() string {
	return fmt.Sprintf("heap %.1f MiB, %d goroutines, %d descriptors", float64(f.heap)/(1<<20), f.goroutines, f.descriptors)
}

// held is the footprint without memory.
func held() footprint {
	f := footprint{goroutines: runtime.NumGoroutine()}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil { // elsewhere they are not counted
		f.descriptors = len(open)
	}
	return f
}

func footprintNow(instances []*soaked) footprint {
	f := held()
	for _, s := range instances {
		f.gathers += s.gathers
	}
	// Pools release their content at the second collection.
	runtime.GC() //nolint:revive // garbage must not be counted
	runtime.GC() //nolint:revive // see above
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.heap = m.HeapAlloc
	return f
}

// deaf is a log at debug level that keeps nothing, so that there are transcripts.
type deaf struct{ telegraf.Logger }

func (deaf) Level() telegraf.LogLevel { return telegraf.Debug }
func (deaf) Debugf(string, ...any)    {}
