package alerts

import (
	"strconv"
	"strings"
)

// Severity is how urgent an alert is.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // mail is affected, or monitoring has failed
	Warning  Severity = "warning"  // mail will be affected, or some mail is
)

// Alert is an alert. Its texts are the same in all systems, the queries differ.
//
// Summary has placeholders: {relay} and others for labels, {value} for the value of
// the query. In queries {10} stands for ten probe intervals.
type Alert struct {
	Name     string
	Severity Severity
	Summary  string
	Do       string // what to do
	// Outcome adds the class, reason and reply of the relay's failures to the
	// description. Only Prometheus can look them up.
	Outcome bool
	Unit    unit

	// Value describes the value that the queries return for each combination of the
	// labels By. The alert fires if the comparison with Threshold by Op is true.
	Value     string
	By        []string
	Op        string
	Threshold float64

	// InfluxQL has several entries if the alert needs several rules in Grafana, each
	// with one query.
	InfluxQL []InfluxQL
	PromQL   string
	// PromQLWhole is set if PromQL contains the comparison.
	PromQLWhole bool
	// Burn defines the queries of the alerts on the error budget. Others have none.
	Burn *Burn
	// For is the number of intervals that the condition has to last.
	For int
}

// InfluxQL is a query of an alert. $timeFilter stands for the condition on time, as in
// Grafana.
type InfluxQL struct {
	Variant string // distinguishes the rules of an alert
	Query   string
	Over    int // intervals of the time range
	// NotNegative excludes values below zero, for which there is another alert.
	NotNegative bool
}

// unit is the unit of a value.
type unit string

const (
	plain   unit = ""
	seconds unit = "seconds"
	share   unit = "share"
)

// condition returns the comparison of the value called name with the threshold.
func (a Alert) condition(name string) string { return name + " " + a.Op + " " + a.threshold() }

func (a Alert) threshold() string { return strconv.FormatFloat(a.Threshold, 'f', -1, 64) }

// Fires reports whether the alert fires for a value that its query q returned.
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

// PromExpr returns the Prometheus expression, including the comparison.
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

// docs is the URL of the documentation.
const docs = "https://github.com/smtpprobe/telegraf-smtpprobe/blob/main/docs/"

// Runbook returns the URL of the alert's section in docs/alerts.md.
func (a Alert) Runbook() string { return docs + "alerts.md#" + strings.ToLower(a.Name) }
