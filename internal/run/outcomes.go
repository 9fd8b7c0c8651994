package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// outcomes counts the outcomes of all relays.
type outcomes struct {
	lines  bytes.Buffer // line protocol, for the report
	relays map[string]*tally
}

func newOutcomes() *outcomes { return &outcomes{relays: make(map[string]*tally)} }

// tally counts the outcomes of one relay.
type tally struct {
	probes int
	counts map[outcome]int
	totals []time.Duration // of the probes
}

// outcome is the result of a probe.
type outcome struct{ class, reason, phase, code string }

func (o outcome) String() string {
	if o.reason == summary.None {
		return o.class
	}
	return o.class + "/" + o.reason
}

// add counts a metric of smtpprobe, unless the end of the demonstration canceled the
// probe.
func (s *outcomes) add(m telegraf.Metric) {
	relay, ok := m.GetTag("relay")
	tag := func(name string) string {
		value, _ := m.GetTag(name)
		return value
	}
	o := outcome{class: tag("error_class"), reason: tag("reason"), phase: tag("phase"), code: tag("reply_code")}
	if m.Name() != "smtpprobe" || !ok || o.class == smtperr.ClassCanceled.String() {
		return
	}
	t := s.relays[relay]
	if t == nil {
		t = &tally{counts: make(map[outcome]int)}
		s.relays[relay] = t
	}
	t.probes++
	t.counts[o]++
	if seconds, ok := m.GetField("total_time"); ok {
		if f, ok := seconds.(float64); ok {
			t.totals = append(t.totals, time.Duration(f*float64(time.Second)))
		}
	}
}

// print writes a line for each relay and outcome, sorted by relay. The time is the
// relay's median.
func (s *outcomes) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RELAY\tPROBES\tCLASS/REASON\tPHASE\tCODE\tTOTAL TIME")
	for _, relay := range slices.Sorted(maps.Keys(s.relays)) {
		t := s.relays[relay]
		for _, o := range t.byCount() {
			fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", relay, t.counts[o], o, o.phase, o.code, median(t.totals))
		}
	}
	return table.Flush()
}

// byCount returns the outcomes, most frequent first.
func (t *tally) byCount() []outcome {
	return slices.SortedFunc(maps.Keys(t.counts), func(a, b outcome) int {
		return cmp.Or(cmp.Compare(t.counts[b], t.counts[a]), cmp.Compare(a.String(), b.String()), cmp.Compare(a.code, b.code))
	})
}

func median(times []time.Duration) string {
	if len(times) == 0 {
		return "-"
	}
	sorted := slices.Sorted(slices.Values(times))
	return fmt.Sprintf("%.1f ms", float64(sorted[(len(sorted)-1)/2])/float64(time.Millisecond))
}
