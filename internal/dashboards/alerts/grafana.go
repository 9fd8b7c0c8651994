package alerts

import (
	"fmt"
	"strings"
	"time"
)

// DatasourceVariable is the environment variable of Grafana that names the uid
// of the data source.
const DatasourceVariable = "SMTPPROBE_DATASOURCE_UID"

// rule is one of Grafana's.
type rule struct {
	alert         Alert
	id, title     string
	query         string // the lines of the query's model
	over          time.Duration
	phase         string // of the query, if the alert has one for each
	instantaneous bool
}

// GrafanaInfluxQL is a file for Grafana's alert provisioning, on InfluxQL.
func GrafanaInfluxQL(t Timing) string {
	var rules []rule
	for _, a := range All(t) {
		for _, v := range a.Variants(t) {
			r := rule{alert: a, id: strings.ToLower(a.Name), title: a.Name, over: a.Range(t), phase: v.Phase,
				query: "query: " + quote(v.Query) + "\nrawQuery: true\nresultFormat: time_series"}
			if v.Phase != "" {
				r.id, r.title = r.id+"-"+v.Phase, r.title+" "+v.Phase
			}
			rules = append(rules, r)
		}
	}
	return grafanaFile("an InfluxDB data source that speaks InfluxQL", "influxql", rules, t)
}

// GrafanaPrometheus is the same on Prometheus.
func GrafanaPrometheus(t Timing) string {
	alerts := All(t)
	rules := make([]rule, 0, len(alerts))
	for _, a := range alerts {
		expr := t.scaled(a.PromQL)
		if a.PromQLWhole {
			expr = "1 + 0 * (" + expr + ")"
		}
		rules = append(rules, rule{alert: a, id: strings.ToLower(a.Name), title: a.Name, over: 10 * t.Interval,
			query: "expr: " + quote(expr) + "\ninstant: true\nrange: false", instantaneous: true})
	}
	return grafanaFile("a Prometheus data source", "prometheus", rules, t)
}

func grafanaFile(source, key string, rules []rule, t Timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Alerts on SMTP relays for Grafana's alert provisioning, on %s.
# Put the file into provisioning/alerting, and the uid of the data source into
# the environment of Grafana as %s. Written for a probe
# every %s. Generated: edit internal/dashboards/alerts, not this file.
#
# A query that finds nothing is no alert: a count of no failures is no series,
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

// grafanaInterval is how often rules are evaluated: Grafana does so every 10 s
// at most.
func grafanaInterval(t Timing) string {
	return Timing{Interval: max(t.Interval, 10*time.Second)}.intervals(1)
}

func (r rule) yaml(key string, t Timing) string {
	a := r.alert
	condition := "$B " + a.Op + " " + a.threshold()
	if a.PromQLWhole && r.instantaneous {
		condition = "$B == 1"
	}
	return fmt.Sprintf(`      # The %s.
      - uid: smtpprobe-%s-%s
        title: %s
        condition: C
        data:
          - refId: A
            relativeTimeRange: {from: %d, to: 0}
            datasourceUid: ${%s}
            model:
              refId: A
              %s
          - refId: B
            datasourceUid: __expr__
            model: {refId: B, type: reduce, expression: A, reducer: last}
          - refId: C
            datasourceUid: __expr__
            model: {refId: C, type: math, expression: %s}
        for: %s
        noDataState: OK
        execErrState: Error
        labels:
          severity: %s
        annotations:
          summary: %s
          what_to_do: %s
`, strings.TrimSuffix(a.Value, ","), map[string]string{"influxql": "i", "prometheus": "p"}[key], r.id, r.title, int(r.over.Seconds()), DatasourceVariable,
		strings.ReplaceAll(r.query, "\n", "\n              "), quote(condition), t.intervals(a.For), a.Severity,
		quote(a.placed(r.place)), quote(a.Do))
}

// place uses the template's data instead of its variables, since a dollar sign
// begins a variable of the environment in these files.
func (r rule) place(name string) string {
	switch {
	case name == "value":
		return "{{ .Values.B.Value | " + humane[r.alert.Unit] + " }}"
	case name == "phase" && r.phase != "":
		return r.phase
	}
	return "{{ .Labels." + name + " }}"
}
