package alerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Severity says how soon somebody has to look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // mail is affected
	Warning  Severity = "warning"  // it will be, or a part of it is
)

// Alert is one rule, as every system asks for it.
//
// Texts have placeholders: {relay} and the like for a label, {value} for the
// value found. In queries {10} is ten probe intervals.
type Alert struct {
	Name     string
	Severity Severity
	Summary  string
	Do       string // what to do
	Unit     unit

	// Value is what Influx's queries and PromQL find for each By; the alert
	// fires where Op and Threshold hold for it.
	Value     string // in words
	By        []string
	Op        string
	Threshold float64

	InfluxQL InfluxQL
	PromQL   string
	// PromQLWhole: PromQL has the comparison in it.
	PromQLWhole bool
	// For is how many intervals Prometheus and Grafana wait for it to last.
	For int
}

// InfluxQL is a query in one or two steps. The second works on the values that
// the first has found for each series of its own.
type InfluxQL struct {
	Measurement string // default smtpprobe
	Select      string // of the first step, without the name of the value
	Where       string
	By          []string // tags of the first step
	Then        string   // function of the second step, by the tags of the alert
	Over        int      // intervals that it looks back
	// LeastBelow: only where the least of the first step's values is below.
	LeastBelow int
	// Every cuts the first step into steps of an interval, empty ones counting
	// 0, and averages so many of them: the value is the last average.
	Every int
	// Phases: one query for each phase, %s in Select being its name.
	Phases []string

	// Tick is the same for Kapacitor, which knows no subqueries, and TickFires
	// its condition where it is another than Op and Threshold of the value.
	Tick, TickFires string
}

// unit is how a value is shown.
type unit string

const (
	plain   unit = ""
	seconds unit = "seconds"
	share   unit = "share"
)

// Timing is what the rules are written for.
type Timing struct {
	Interval time.Duration // of the probes
	Slow     time.Duration // how long a phase may take on average
}

// DefaultTiming is that of the files in the folder dashboards/alerts.
func DefaultTiming() Timing { return Timing{Interval: time.Minute, Slow: 2 * time.Second} }

// intervals is a duration in a form that all systems read.
func (t Timing) intervals(n int) string {
	d := t.Interval * time.Duration(n)
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

// scaled puts durations into the place of {10} and the like.
func (t Timing) scaled(text string) string {
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

// Variant is one query of an alert: most have one, some one for each phase.
type Variant struct {
	Phase string // or empty
	Query string
}

// timeRange is the condition of time in a query; Grafana fills it in.
const timeRange = "$timeFilter"

// Variants are the alert's InfluxQL queries for an interval, with $timeFilter
// in the place of the condition of time.
func (a Alert) Variants(t Timing) []Variant {
	if len(a.InfluxQL.Phases) == 0 {
		return []Variant{{Query: a.influxQL(t, "")}}
	}
	variants := make([]Variant, 0, len(a.InfluxQL.Phases))
	for _, phase := range a.InfluxQL.Phases {
		variants = append(variants, Variant{Phase: phase, Query: a.influxQL(t, phase)})
	}
	return variants
}

func (a Alert) influxQL(t Timing, phase string) string {
	q := a.InfluxQL
	selected := q.Select
	if phase != "" {
		selected = fmt.Sprintf(selected, phase)
	}
	measurement := "smtpprobe"
	if q.Measurement != "" {
		measurement = q.Measurement
	}
	where := " WHERE " + timeRange
	first := where
	if q.Where != "" {
		first += " AND " + q.Where
	}
	by := func(tags []string) string { return ` GROUP BY "` + strings.Join(tags, `", "`) + `"` }
	inner := func(value, dimensions string) string {
		return "SELECT " + value + ` AS "value" FROM "` + measurement + `"` + first + dimensions
	}
	switch {
	case q.Every > 0:
		averaged := inner(fmt.Sprintf("moving_average(%s, %d)", selected, q.Every),
			" GROUP BY time("+t.intervals(1)+`), "`+strings.Join(q.By, `", "`)+`" fill(0)`)
		return `SELECT last("value") AS "value" FROM (` + averaged + ")" + where + by(a.By)
	case q.LeastBelow > 0:
		both := "SELECT " + q.Then + `("value") AS "value", min("value") AS "least" FROM (` + inner(selected, by(q.By)) + ")" + where + by(a.By)
		return `SELECT "value" FROM (` + both + ")" + where + ` AND "least" < ` + strconv.Itoa(q.LeastBelow) + by(a.By)
	case q.Then != "":
		return "SELECT " + q.Then + `("value") AS "value" FROM (` + inner(selected, by(q.By)) + ")" + where + by(a.By)
	default:
		return inner(selected, by(a.By))
	}
}

// Range is how far the InfluxQL queries look back.
func (a Alert) Range(t Timing) time.Duration {
	return t.Interval * time.Duration(a.InfluxQL.Over)
}

// PromExpr is the whole Prometheus expression for an interval.
func (a Alert) PromExpr(t Timing) string {
	expr := t.scaled(a.PromQL)
	if a.PromQLWhole {
		return expr
	}
	return expr + " " + a.Op + " " + a.threshold()
}

// Fires tells whether a value found is one to alert about.
func (a Alert) Fires(value float64) bool {
	switch a.Op {
	case ">=":
		return value >= a.Threshold
	case ">":
		return value > a.Threshold
	case "<":
		return value < a.Threshold
	default:
		return value == a.Threshold
	}
}

func (a Alert) threshold() string { return strconv.FormatFloat(a.Threshold, 'f', -1, 64) }
