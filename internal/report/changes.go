package report

import (
	"slices"
	"time"

	"github.com/influxdata/telegraf"
)

// change is a point of smtpprobe_change.
type change struct {
	event
	Relay, Host, What, Layer, Before, After string
}

func isChange(m telegraf.Metric) bool {
	return m.HasTag("what") && m.HasField("before") && m.HasField("after")
}

func newChange(m telegraf.Metric) change {
	return change{event{m.Time()}, tagText(m, "relay"), tagText(m, "host"), tagText(m, "what"), tagText(m, "layer"), text(m, "before"), text(m, "after")}
}

// event is embedded in the rows of tables of events.
type event struct{ At time.Time }

// maxEvents is the maximum number of rows of a table of events.
const maxEvents = 200

// newest returns the last maxEvents events in the order of compare, the last one
// first.
func newest[E any](events []E, compare func(a, b E) int) []E {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b E) int { return compare(b, a) })
	return sorted[:min(len(sorted), maxEvents)]
}
