package dashboards

import (
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

const (
	// promSelector selects series by the variables of the dashboard. All (.*) also
	// matches an absent label, such as host with omit_hostname.
	promSelector = `{relay=~"$relay",probe=~"$probe",host=~"$agent"}`
	promHosts    = `{host=~"$agent"}`
	promRelays   = `{relay=~"$relay",host=~"$agent"}`
	promSeries   = `{{relay}} {{host}} {{source}} {{ip}}`
	// ignoringOutcome matches series of smtpprobe_outcome, which have the outcome as
	// labels, with the series of smtpprobe of the same relay.
	ignoringOutcome = `ignoring (result, result_reason, result_phase, result_fault, smtp_code, backend)`

	// FailingNow selects a series for each failing relay, with its failure as labels.
	FailingNow = `smtpprobe_outcome_time == ` + ignoringOutcome + ` group_left () smtpprobe_latest_time and ` + ignoringOutcome + ` smtpprobe_success == 0`
)

// verdict is the class of an unexpected outcome, 0 for an expected one.
const verdict = `(smtpprobe_result_code` + promSelector + ` * (1 - smtpprobe_success` + promSelector + `))`

// outcome selects a series for each failing relay, with its failure as labels.
// prometheus_client keeps a series for its expiration_interval after the outcome has
// changed. The comparison of times drops those.
const outcome = `((smtpprobe_outcome_time` + promSelector + ` == ` + ignoringOutcome + ` group_left () smtpprobe_latest_time` + promSelector +
	`) and ` + ignoringOutcome + ` (smtpprobe_success` + promSelector + ` == 0))`

// served selects a series for each group, with the relay that served it as a label.
const served = `(smtpprobe_served_time` + promHosts + ` == ignoring (served_by) group_left () smtpprobe_group_latest_time` + promHosts + `)`

// Prometheus returns the source for a Prometheus that scrapes Telegraf's
// prometheus_client.
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
		Changes: grafana.Annotation{Expr: `smtpprobe_changed_time` + promSelector + ` * 1000`, UseValueForTime: true, Step: "15s",
			TitleFormat: "{{relay}}: {{what}}", TextFormat: "{{before}} -> {{after}}", TagKeys: "what,layer"},
		Queries: promQueries(),
		Hide:    []string{"Time", "Value", "__name__", "instance", "job", "port", "tls", "url"},
	}
}

func promQueries() map[View][]Query {
	now := func(legend, text string) []Query { return []Query{{Text: text, Legend: legend, Now: true}} }
	series := func(legend, text string) []Query { return []Query{{Text: text, Legend: legend}} }
	success := `smtpprobe_success` + promSelector
	quantile := func(q string) string {
		return `quantile(` + q + `, max_over_time(smtpprobe_total_time` + promSelector + `[$__rate_interval]))`
	}
	ofRelay := func(q string) string {
		return `max by (relay, host) (quantile_over_time(` + q + `, smtpprobe_total_time` + promSelector + `[$__range]))`
	}
	return map[View][]Query{
		Working:     now("working", `avg(max by (relay) (`+success+`))`),
		Failing:     now("failing", `count(min by (relay) (`+success+`) == 0) or vector(0)`),
		Overall:     now("availability", `sum(sum_over_time(`+success+`[$__range])) / sum(count_over_time(`+success+`[$__range]))`),
		NextExpiry:  now("next", `min(smtpprobe_cert_expiry`+promSelector+`)`),
		NotVerified: now("not verified", `count(min by (relay) (smtpprobe_tls_verified`+promSelector+`) == 0) or vector(0)`),
		Suspect:     now("suspect", `count(max by (host) (smtpprobe_gather_suspect`+promHosts+`) == 1) or vector(0)`),
		Problems: {{Text: `0 * ` + outcome + ` + ` + ignoringOutcome + ` group_left () smtpprobe_consecutive_failures` + promSelector,
			Table: true, Now: true, Column: "in_a_row"}},
		// The subquery has a value every 15 s, independent of the scrape interval.
		State:      series(promSeries, `max_over_time(`+verdict+`[$__interval:15s])`),
		Classes:    series("{{code}}", `count_values("code", `+verdict+` > 0)`),
		Reasons:    series("{{result}} {{result_reason}}", `count by (result, result_reason) (`+outcome+`)`),
		ReplyCodes: series("{{code}}", `count_values("code", smtpprobe_smtp_code`+promSelector+` > 0)`),
		StoppedAt:  series("{{result_phase}}", `count by (result_phase) (`+outcome+`)`),
		Backends: {{Text: `count by (relay, backend, result, result_reason, smtp_code) (last_over_time(smtpprobe_outcome_time{result!="none",` + promSelector[1:] + `[$__range]))`,
			Table: true, Now: true, Column: "vantage_points"}},
		Phases:     promPhases(`avg(avg_over_time(smtpprobe_%s_time%s[$__rate_interval]))`),
		PhasesSlow: promPhases(`quantile(0.95, max_over_time(smtpprobe_%s_time%s[$__rate_interval]))`),
		Percentiles: {
			{Text: quantile("0.5"), Legend: "median"}, {Text: quantile("0.95"), Legend: "p95"}, {Text: quantile("0.99"), Legend: "p99"},
		},
		Total: series(promSeries, `avg_over_time(smtpprobe_total_time`+promSelector+`[$__rate_interval])`),
		RelayLatency: {
			{Text: ofRelay("0.5"), Table: true, Now: true, Column: "median"}, {Text: ofRelay("0.95"), Table: true, Now: true, Column: "p95"},
			{Text: ofRelay("0.99"), Table: true, Now: true, Column: "p99"},
		},
		Availability:      now(promSeries, `sort(avg_over_time(`+success+`[$__range]))`),
		AvailabilityTrend: series(promSeries, `avg_over_time(`+success+`[$__rate_interval])`),
		SinceSuccess:      now(promSeries, `sort(smtpprobe_seconds_since_success`+promSelector+`)`),
		Consecutive:       series(promSeries, `max_over_time(smtpprobe_consecutive_failures`+promSelector+`[$__rate_interval])`),
		Vantage: {
			{Text: `count by (relay) (` + success + `)`, Table: true, Now: true, Column: "vantage_points"},
			{Text: `avg by (relay) (1 - ` + success + `)`, Table: true, Now: true, Column: "failing"},
		},
		Certificates: now(promSeries, `sort(smtpprobe_cert_expiry`+promSelector+`)`),
		Capabilities: {{Text: `max by (relay, source, ip, extensions, auth_mechanisms, tls_version, tls_cipher) (smtpprobe_capabilities_size_limit` + promSelector + `)`,
			Table: true, Now: true, Column: "size_limit"}},
		Sessions: promTable("max by (relay, source, ip)", promSelector, "smtpprobe_", "tls_verified", "cert_expiry", "chain_expiry"),
		Changes: {{Text: `1000 * max by (relay, host, what, layer, before, after) (last_over_time(smtpprobe_changed_time` + promSelector + `[$__range]))`,
			Table: true, Now: true, Column: "at"}},
		GroupState:    series("{{group}} {{host}}", `min_over_time(smtpprobe_group_success`+promHosts+`[$__interval:15s])`),
		GroupSelected: series("{{group}}: {{served_by}}", `count by (group, served_by) `+served),
		GroupHealthy: {
			{Text: `smtpprobe_group_healthy` + promHosts, Legend: "{{group}} {{host}} healthy"},
			{Text: `smtpprobe_group_total` + promHosts, Legend: "{{group}} {{host}} total"},
		},
		MailStates: series("{{state}}", `count by (state) (smtpprobe_arrived_time`+promRelays+`)`),
		MailDelay:  series("{{relay}} to {{mailbox}}", `max by (relay, mailbox) (max_over_time(smtpprobe_arrival_delay`+promRelays+`[$__rate_interval]))`),
		MailFlows:  promTable("max by (relay, mailbox, host)", promRelays, "smtpprobe_flow_", flowFields...),
		MailLatest: promTable("max by (relay, mailbox, state, folder)", promRelays, "smtpprobe_arrival_", "delay", "hops", "slowest_hop_time"),
		Mailboxes:  promTable("max by (mailbox, source, host)", promHosts, "smtpprobe_mailbox_", "success", "ours", "foreign", "complete"),
		Policies: append(promTable("max by (relay, source, ip)", promSelector, "smtpprobe_policy_", "would_deliver_dane", "would_deliver_sts"),
			Query{Text: `1000 * max by (relay, source, ip, dane, sts, outcome) (smtpprobe_policy_seen_time` + promSelector + `)`, Table: true, Now: true, Column: "at"}),
		PolicyDomains: promTable("max by (relay, domain)", promRelays, "smtpprobe_policy_domain_", "would_deliver", "mx_total", "mx_failing_dane", "mx_failing_sts"),
		Gathers:       promTable("max by (host, input)", promHosts, "smtpprobe_gather_", "targets", "succeeded", "failed", "failed_network", "skipped", "duration", "suspect"),
	}
}

// promTable returns a query for each metric, which is a column of the table.
func promTable(by, selector, prefix string, fields ...string) []Query {
	queries := make([]Query, 0, len(fields))
	for _, field := range fields {
		queries = append(queries, Query{Text: by + ` (` + prefix + field + selector + `)`, Table: true, Now: true, Column: field})
	}
	return queries
}

func promPhases(expression string) []Query {
	phases := TimedPhases()
	queries := make([]Query, 0, len(phases))
	for _, phase := range phases {
		queries = append(queries, Query{Text: fmt.Sprintf(expression, phase, promSelector), Legend: string(phase)})
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
