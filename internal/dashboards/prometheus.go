package dashboards

import (
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

const (
	// promSelector picks what the variables choose. A label that is missing,
	// such as host with omit_hostname, is empty, and All (.*) matches it.
	promSelector = `{relay=~"$relay",probe=~"$probe",host=~"$agent"}`
	promGroups   = `{host=~"$agent"}`
	promSeries   = `{{relay}} {{source}} {{ip}} {{probe}} {{host}}`
	// ignoringOutcome matches a series of smtpprobe_outcome, which has the
	// outcome as labels, with the same relay's series of smtpprobe.
	ignoringOutcome = `ignoring (result, result_reason, result_phase, result_fault, smtp_code, backend)`

	// FailingNow is one series for each failing relay, labelled with its failure.
	FailingNow = `smtpprobe_outcome_time == ` + ignoringOutcome + ` group_left () smtpprobe_latest_time and ` + ignoringOutcome + ` smtpprobe_success == 0`
)

// verdict is the class of an unexpected outcome, 0 while all is well.
const verdict = `(smtpprobe_result_code` + promSelector + ` * (1 - smtpprobe_success` + promSelector + `))`

// outcome is one series for each failing relay, labelled with its failure.
// prometheus_client keeps a series for its expiration_interval after the
// relay's outcome has changed; comparing the times of the probes drops those.
const outcome = `((smtpprobe_outcome_time` + promSelector + ` == ` + ignoringOutcome + ` group_left () smtpprobe_latest_time` + promSelector +
	`) and ` + ignoringOutcome + ` (smtpprobe_success` + promSelector + ` == 0))`

// served is the same for groups: one series for each, labelled with the relay
// that served it.
const served = `(smtpprobe_served_time` + promGroups + ` == ignoring (served_by) group_left () smtpprobe_group_latest_time` + promGroups + `)`

// Prometheus asks a Prometheus that scrapes Telegraf's prometheus_client.
func Prometheus() Source {
	return Source{
		Key:         "prometheus",
		Title:       "Prometheus",
		Description: "For Prometheus, with Telegraf set up as dashboards/telegraf-prometheus.conf shows: series are keyed by the tags that do not change, and the outcome is a series of its own.",
		Type:        "prometheus",
		Variables: []grafana.Variable{
			promVariable("relay", "Relay", "label_values(smtpprobe_success, relay)"),
			promVariable("probe", "Probe", "label_values(smtpprobe_success, probe)"),
			promVariable("agent", "Vantage point", "label_values(smtpprobe_success, host)"),
		},
		Target: func(q Query) grafana.Target {
			format := "time_series"
			if q.Table {
				format = "table"
			}
			return grafana.Target{"expr": q.Text, "legendFormat": q.Legend, "format": format,
				"instant": q.Now, "range": !q.Now, "editorMode": "code"}
		},
		Queries: promQueries(),
		Hide:    []string{"Time", "Value", "__name__", "instance", "job", "port", "tls", "url"},
	}
}

func promQueries() map[View][]Query {
	return map[View][]Query{
		Working:    {{Text: `count(smtpprobe_success` + promSelector + ` == 1) or vector(0)`, Legend: "working", Now: true}},
		Failing:    {{Text: `count(smtpprobe_success` + promSelector + ` == 0) or vector(0)`, Legend: "failing", Now: true}},
		Overall:    {{Text: `sum(sum_over_time(smtpprobe_success` + promSelector + `[$__range])) / sum(count_over_time(smtpprobe_success` + promSelector + `[$__range]))`, Legend: "availability", Now: true}},
		NextExpiry: {{Text: `min(smtpprobe_cert_expiry` + promSelector + `)`, Legend: "next", Now: true}},
		Problems: {{Text: `0 * ` + outcome + ` + ` + ignoringOutcome + ` group_left () smtpprobe_consecutive_failures` + promSelector,
			Table: true, Now: true, Column: "in_a_row"}},
		// The subquery asks for a value every 15 s, whatever the scrape interval.
		State:        {{Text: `max_over_time(` + verdict + `[$__interval:15s])`, Legend: promSeries}},
		Classes:      {{Text: `count_values("code", ` + verdict + ` > 0)`, Legend: "{{code}}"}},
		Reasons:      {{Text: `count by (result, result_reason) (` + outcome + `)`, Legend: "{{result}} {{result_reason}}"}},
		ReplyCodes:   {{Text: `count_values("code", smtpprobe_smtp_code` + promSelector + ` > 0)`, Legend: "{{code}}"}},
		StoppedAt:    {{Text: `count by (result_phase) (` + outcome + `)`, Legend: "{{result_phase}}"}},
		Phases:       promPhases(),
		Total:        {{Text: `avg_over_time(smtpprobe_total_time` + promSelector + `[$__rate_interval])`, Legend: promSeries}},
		Availability: {{Text: `avg_over_time(smtpprobe_success` + promSelector + `[$__range])`, Legend: promSeries, Now: true}},
		Consecutive:  {{Text: `max_over_time(smtpprobe_consecutive_failures` + promSelector + `[$__rate_interval])`, Legend: promSeries}},
		Vantage: {
			{Text: `count by (relay) (smtpprobe_success` + promSelector + `)`, Table: true, Now: true, Column: "vantage_points"},
			{Text: `avg by (relay) (1 - smtpprobe_success` + promSelector + `)`, Table: true, Now: true, Column: "failing"},
		},
		Certificates: {{Text: `smtpprobe_cert_expiry` + promSelector, Legend: promSeries, Now: true}},
		Capabilities: {{Text: `max by (relay, source, ip, extensions, auth_mechanisms, tls_version, tls_cipher) (smtpprobe_capabilities_size_limit` + promSelector + `)`,
			Table: true, Now: true, Column: "size_limit"}},
		GroupState: {{Text: `min_over_time(smtpprobe_group_success` + promGroups + `[$__interval:15s])`, Legend: "{{group}} {{host}}"}},
		GroupSelected: {{Text: `count by (group, served_by) ` + served,
			Legend: "{{group}}: {{served_by}}"}},
		GroupHealthy: {
			{Text: `smtpprobe_group_healthy` + promGroups, Legend: "{{group}} {{host}} healthy"},
			{Text: `smtpprobe_group_total` + promGroups, Legend: "{{group}} {{host}} total"},
		},
	}
}

func promPhases() []Query {
	phases := TimedPhases()
	queries := make([]Query, 0, len(phases))
	for _, phase := range phases {
		queries = append(queries, Query{
			Text:   fmt.Sprintf(`avg(avg_over_time(smtpprobe_%s_time%s[$__rate_interval]))`, phase, promSelector),
			Legend: string(phase),
		})
	}
	return queries
}

func promVariable(name, label, query string) grafana.Variable {
	v := variable(name, label)
	v.Datasource = &grafana.Datasource{Type: "prometheus", UID: "${datasource}"}
	v.Query, v.Definition = map[string]any{"query": query, "refId": name}, query
	v.AllValue = ".*"
	return v
}
