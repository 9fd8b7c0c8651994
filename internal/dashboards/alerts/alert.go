package alerts

import (
	"strconv"
	"strings"
)

// Severity says how soon somebody has to look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // mail is affected, or nobody would notice if it were
	Warning  Severity = "warning"  // mail will be affected, or a part of it is
)

// Alert is one rule. Every system that evaluates it gets its own query and the
// same texts.
//
// Summary has placeholders: {relay} and the like for a label, {value} for the
// value found. In queries {10} is ten probe intervals.
type Alert struct {
	Name     string
	Severity Severity
	Summary  string
	Do       string // what to do
	// Outcome says whether the description adds the class, reason and reply of
	// the relay's failures, which Prometheus can look up.
	Outcome bool
	Unit    unit

	// Value is what the queries find for each By. The alert fires where Op and
	// Threshold are true of it.
	Value     string // in words
	By        []string
	Op        string
	Threshold float64

	// InfluxQL has one rule for each entry, since a Grafana rule has one query.
	InfluxQL []InfluxQL
	PromQL   string
	// PromQLWhole: PromQL has the comparison in it.
	PromQLWhole bool
	// Burn is set for the alerts on the error budget, whose queries are built
	// from it.
	Burn *Burn
	// For is how many intervals the condition has to last.
	For int
}

// InfluxQL is a query that finds a value for each By. $timeFilter stands for
// the condition of time, as in Grafana.
type InfluxQL struct {
	Variant string // names the rule where an alert has several
	Query   string
	Over    int // intervals that it looks back
	// NotNegative: a value below zero is for another alert.
	NotNegative bool
}

// unit is how a value is shown.
type unit string

const (
	plain   unit = ""
	seconds unit = "seconds"
	share   unit = "share"
)

// condition is the condition that a value has to meet, name being what stands for
// it.
func (a Alert) condition(name string) string { return name + " " + a.Op + " " + a.threshold() }

func (a Alert) threshold() string { return strconv.FormatFloat(a.Threshold, 'f', -1, 64) }

// Fires reports whether a value that one of the alert's InfluxQL queries found
// makes it fire.
func (a Alert) Fires(q InfluxQL, value float64) bool {
	if q.NotNegative && value < 0 {
		return false
	}
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

// PromExpr is the whole Prometheus expression for an interval.
func (a Alert) PromExpr(t Timing) string {
	switch {
	case a.Burn != nil:
		return a.Burn.promQL(t)
	case a.PromQLWhole:
		return t.Scaled(a.PromQL)
	default:
		return a.condition(t.Scaled(a.PromQL))
	}
}

// docs is where the documentation is published.
const docs = "https://github.com/smtpprobe/telegraf-smtpprobe/blob/main/docs/"

// Runbook is the address of the alert's section in docs/alerts.md.
func (a Alert) Runbook() string { return docs + "alerts.md#" + strings.ToLower(a.Name) }
