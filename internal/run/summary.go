package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// summary gathers what every relay's metrics say.
type summary map[string]*tally

// tally is one relay's.
type tally struct {
	probes, successes int
	classes           map[string]int
	totals            []time.Duration
}

// add takes a metric in; others than smtpprobe's own are passed over, and the
// probe that the end of the demonstration cut short.
func (s summary) add(m telegraf.Metric) {
	relay, ok := m.GetTag("relay")
	class, _ := m.GetTag("error_class")
	if m.Name() != "smtpprobe" || !ok || class == smtperr.ClassCanceled.String() {
		return
	}
	t := s[relay]
	if t == nil {
		t = &tally{classes: make(map[string]int)}
		s[relay] = t
	}
	t.probes++
	if success, ok := m.GetField("success"); ok && success == int64(1) {
		t.successes++
	}
	t.classes[class]++
	if seconds, ok := m.GetField("total_time"); ok {
		if f, ok := seconds.(float64); ok {
			t.totals = append(t.totals, time.Duration(f*float64(time.Second)))
		}
	}
}

// print writes a line per relay, by name.
func (s summary) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "RELAY\tPROBES\tSUCCESS\tCLASS\tMEDIAN\tP95")
	for _, relay := range slices.Sorted(maps.Keys(s)) {
		t := s[relay]
		slices.Sort(t.totals)
		fmt.Fprintf(table, "%s\t%d\t%.0f %%\t%s\t%s\t%s\n", relay, t.probes,
			100*float64(t.successes)/float64(t.probes), t.classNames(), quantile(t.totals, 0.5), quantile(t.totals, 0.95))
	}
	return table.Flush()
}

// classNames lists the classes seen, the most frequent first.
func (t *tally) classNames() string {
	names := slices.SortedFunc(maps.Keys(t.classes), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.classes[b], t.classes[a]), cmp.Compare(a, b))
	})
	return strings.Join(names, ", ")
}

// quantile is the nearest-rank quantile of sorted times.
func quantile(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "-"
	}
	rank := max(1, int(math.Ceil(q*float64(len(sorted)))))
	return fmt.Sprintf("%.1f ms", float64(sorted[rank-1])/float64(time.Millisecond))
}
