package alerts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DatasourceVariable is the environment variable of Grafana with the uid of the data
// source.
const DatasourceVariable = "SMTPPROBE_DATASOURCE_UID"

// rule is a rule of Grafana.
type rule struct {
	alert     Alert
	id, title string
	variant   string // of the query, if the alert has several
	queries   []query
	condition string // on the last values of the queries
}

// query is a query of a rule.
type query struct {
	refID string
	over  string // length of the time range, in seconds
	model string // lines
}

// GrafanaInfluxQL returns a file for Grafana's alert provisioning, on InfluxQL.
func GrafanaInfluxQL(t Timing) string {
	var rules []rule
	model := func(text string) string {
		return "query: " + quote(text) + "\nrawQuery: true\nresultFormat: time_series"
	}
	for _, a := range All(t) {
		if a.Burn != nil {
			rules = append(rules, burnRule(a, t, model))
			continue
		}
		for _, q := range a.InfluxQL {
			r := rule{alert: a, id: strings.ToLower(a.Name), title: a.Name, variant: q.Variant,
				queries:   []query{{"A", inSeconds(t.Interval * time.Duration(q.Over)), model(t.Scaled(q.Query))}},
				condition: a.condition("$RA")}
			if q.NotNegative {
				r.condition += " && $RA >= 0"
			}
			if q.Variant != "" {
				r.id, r.title = r.id+"-"+strings.ToLower(q.Variant), r.title+" "+q.Variant
			}
			rules = append(rules, r)
		}
	}
	return grafanaFile("an InfluxDB data source that speaks InfluxQL", "influxql", rules, t)
}

// burnRule returns the rule of an alert on the error budget. Grafana's division matches
// the series of a relay and a fault with the series of the relay.
func burnRule(a Alert, t Timing, model func(string) string) rule {
	r := rule{alert: a, id: strings.ToLower(a.Name), title: a.Name}
	for _, q := range a.Burn.InfluxQL(t) {
		r.queries = append(r.queries, query{q.RefID, inSeconds(q.Window), model(q.Query)})
	}
	r.condition = a.Burn.condition(t, "$RA", "$RB", "$RC", "$RD")
	return r
}

// GrafanaPrometheus returns a file for Grafana's alert provisioning, on Prometheus.
func GrafanaPrometheus(t Timing) string {
	alerts := All(t)
	rules := make([]rule, 0, len(alerts))
	for _, a := range alerts {
		expr, condition := t.Scaled(a.PromQL), a.condition("$RA")
		if a.PromQLWhole || a.Burn != nil {
			// The value may be 0, which is false as a condition.
			expr, condition = "1 + 0 * ("+a.PromExpr(t)+")", "$RA == 1"
		}
		rules = append(rules, rule{alert: a, id: strings.ToLower(a.Name), title: a.Name, condition: condition,
			queries: []query{{"A", inSeconds(10 * t.Interval), "expr: " + quote(expr) + "\ninstant: true\nrange: false"}}})
	}
	return grafanaFile("a Prometheus data source", "prometheus", rules, t)
}

// inSeconds formats whole seconds, at least one.
func inSeconds(d time.Duration) string { return strconv.Itoa(max(1, int(d.Seconds()))) }

func grafanaFile(source, key string, rules []rule, t Timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Alerts on SMTP relays for Grafana's alert provisioning, on %s.
# Put the file into provisioning/alerting, and the uid of the data source into
# the environment of Grafana as %s. For a probe every %s.
# Generated: edit internal/dashboards/alerts, not this file.
#
# A query that finds nothing does not fire: a count of no failures is no series,
# and missing data has an alert of its own.

apiVersion: 1
groups:
  - orgId: 1
    name: smtpprobe-%s
    folder: SMTP
    interval: %s
    rules:
`, source, DatasourceVariable, t.intervals(1), key, grafanaInterval(t))
	for _, r := range rules {
		b.WriteString(r.yaml(key, t))
	}
	return b.String()
}

// grafanaInterval returns the interval at which rules are evaluated. Grafana's minimum
// is 10 s.
func grafanaInterval(t Timing) string {
	return Timing{Interval: max(t.Interval, 10*time.Second)}.intervals(1)
}

// yaml formats the rule.
func (r rule) yaml(key string, t Timing) string {
	a := r.alert
	var data strings.Builder
	for _, q := range r.queries {
		fmt.Fprintf(&data, `          - refId: %s
            relativeTimeRange: {from: %s, to: 0}
            datasourceUid: ${%s}
            model:
              refId: %s
              %s
`, q.refID, q.over, DatasourceVariable, q.refID, strings.ReplaceAll(q.model, "\n", "\n              "))
	}
	for _, q := range r.queries {
		fmt.Fprintf(&data, `          - refId: R%[1]s
            datasourceUid: __expr__
            model: {refId: R%[1]s, type: reduce, expression: %[1]s, reducer: last}
`, q.refID)
	}
	return fmt.Sprintf(`      # The %s.
      - uid: smtpprobe-%s-%s
        title: %s
        condition: FIRES
        data:
%s          - refId: FIRES
            datasourceUid: __expr__
            model: {refId: FIRES, type: math, expression: %s}
        for: %s
        noDataState: OK
        execErrState: Error
        labels:
          severity: %s
        annotations:
          summary: %s
          description: %s
          runbook_url: %s
`, strings.TrimSuffix(a.Value, ","), key[:1], strings.TrimPrefix(r.id, "smtp"), r.title, data.String(), quote(r.condition), t.intervals(a.For), a.Severity,
		quote(a.placed(r.place)), quote(a.Do), a.Runbook())
}

// place returns the template expression for a placeholder. It avoids template
// variables, since a dollar sign begins an environment variable in these files.
func (r rule) place(name string) string {
	switch {
	case name == "value" && r.alert.Burn != nil:
		return "too many"
	case name == "value":
		return "{{ .Values.RA.Value | " + formats[r.alert.Unit] + " }}"
	case name == "phase" && r.variant != "":
		return r.variant
	}
	return "{{ .Labels." + name + " }}"
}
