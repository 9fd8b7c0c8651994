package dashboards

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

// The tags that identify a relay and the agent that probes it. They do not include
// the tags of the outcome, so a relay whose state changes stays one series. The
// variables have the format regex, so that the filters match one relay, several, or
// a name with slashes.
const (
	seriesTags  = `"relay","host","source","ip"`
	seriesAlias = "$tag_relay $tag_host $tag_source $tag_ip"
	hostFilter  = `$timeFilter AND "host" =~ /^${agent:regex}$/`
	relayFilter = hostFilter + ` AND "relay" =~ /^${relay:regex}$/`
	probeFilter = relayFilter + ` AND "probe" =~ /^${probe:regex}$/`
	steps       = `time($__interval)`
)

// InfluxQL returns the source for InfluxDB 1.x, and for 2 and 3 through their InfluxQL
// interfaces.
func InfluxQL() Source {
	return Source{
		Key:         "influxql",
		Title:       "InfluxQL",
		Description: "For InfluxDB 1.x, and for 2 and 3 through their InfluxQL interfaces. The panels by class, reason and code need the outcome tags, which the plugin sets by default.",
		Type:        "influxdb",
		Variables: []grafana.Variable{
			influxVariable("relay", "Relay", `SHOW TAG VALUES FROM "smtpprobe" WITH KEY = "relay"`),
			influxVariable("probe", "Probe", `SHOW TAG VALUES FROM "smtpprobe" WITH KEY = "probe"`),
			influxVariable("agent", "Vantage point", `SHOW TAG VALUES FROM "smtpprobe" WITH KEY = "host"`),
		},
		Target: func(q Query) grafana.Target {
			format := "time_series"
			if q.Table {
				format = "table"
			}
			return grafana.Target{"query": q.Text, "rawQuery": true, "resultFormat": format, "alias": q.Legend}
		},
		Changes: grafana.Annotation{Target: grafana.Target{"refId": "Anno", "queryType": "tags", "fromAnnotations": true, "rawQuery": true,
			"query":       `SELECT "what", "relay", "before", "after" FROM "smtpprobe_change" WHERE ` + probeFilter,
			"titleColumn": "what", "tagsColumn": "relay,what", "textColumn": "after", "timeEndColumn": ""}},
		Queries: influxQLQueries(),
	}
}

// latest selects fields of the last point of each series.
func latest(fields string) string {
	return fmt.Sprintf(`(SELECT last("success") AS "success", %s FROM "smtpprobe" WHERE %s GROUP BY %s)`, fields, probeFilter, seriesTags)
}

// lastBySeries selects the last value of an expression in each series, as "value".
func lastBySeries(expression, measurement, filter, tags string) string {
	return `(SELECT ` + expression + ` AS "value" FROM "` + measurement + `" WHERE ` + filter + ` GROUP BY ` + tags + `)`
}

// aggregate applies a function to the values of a subquery by lastBySeries or
// aggregate.
func aggregate(function, inner, tags string) string {
	query := `SELECT ` + function + `("value") AS "value" FROM ` + inner + ` WHERE $timeFilter`
	if tags != "" {
		query += ` GROUP BY ` + tags
	}
	return query
}

// overTime selects values in each step.
func overTime(values, tags string) string {
	if tags != "" {
		tags = "," + tags
	}
	return `SELECT ` + values + ` FROM "smtpprobe" WHERE ` + probeFilter + ` GROUP BY ` + steps + tags + ` fill(null)`
}

func influxQLQueries() map[View][]Query {
	now := func(legend, text string) []Query { return []Query{{Text: text, Legend: legend, Now: true}} }
	table := func(text string) []Query { return []Query{{Text: text, Table: true, Now: true}} }
	series := func(legend, text string) []Query { return []Query{{Text: text, Legend: legend}} }
	up, down := lastBySeries(`last("success")`, "smtpprobe", probeFilter, seriesTags), lastBySeries(`1 - last("success")`, "smtpprobe", probeFilter, seriesTags)
	queries := map[View][]Query{
		Working:     now("working", aggregate("mean", "("+aggregate("max", up, `"relay"`)+")", "")),
		Failing:     now("failing", aggregate("sum", "("+aggregate("max", down, `"relay"`)+")", "")),
		Overall:     now("availability", `SELECT mean("success") FROM "smtpprobe" WHERE `+probeFilter),
		NextExpiry:  now("next", aggregate("min", lastBySeries(`last("cert_expiry")`, "smtpprobe", probeFilter, seriesTags), "")),
		NotVerified: now("not verified", aggregate("sum", "("+aggregate("max", lastBySeries(`1 - last("tls_verified")`, "smtpprobe", probeFilter, seriesTags), `"relay"`)+")", "")),
		Suspect:     now("suspect", aggregate("sum", "("+aggregate("max", lastBySeries(`last("suspect")`, "smtpprobe_gather", hostFilter, `"host","instance"`), `"host"`)+")", "")),
		Problems: table(`SELECT "relay","host","ip","class","reason","fault","phase","reply","enhanced","in_a_row","backend","error" FROM ` +
			latest(`"result" AS "class", "result_reason" AS "reason", "result_fault" AS "fault", "result_phase" AS "phase", "smtp_code" AS "reply", "enhanced_code" AS "enhanced", "consecutive_failures" AS "in_a_row", "greeting_host" AS "backend", "error" AS "error"`) +
			` WHERE $timeFilter AND "success" = 0`),
		State: series(seriesAlias, `SELECT max("verdict") FROM (SELECT "result_code" * (1 - "success") AS "verdict" FROM "smtpprobe" WHERE `+probeFilter+`) WHERE $timeFilter GROUP BY `+
			steps+`,`+seriesTags+` fill(null)`),
		Classes:    series("$tag_error_class", failures(`"error_class"`)),
		Reasons:    series("$tag_error_class $tag_reason", failures(`"error_class","reason"`)),
		ReplyCodes: series("$tag_reply_code", `SELECT count("smtp_code") FROM "smtpprobe" WHERE `+probeFilter+` AND "smtp_code" > 0 GROUP BY `+steps+`,"reply_code" fill(0)`),
		StoppedAt:  series("$tag_phase", failures(`"phase"`)),
		Backends: table(`SELECT "relay","host","greeting_host","result","result_reason","smtp_code","error" FROM "smtpprobe" WHERE ` + probeFilter +
			` AND "success" = 0 ORDER BY time DESC LIMIT 100`),
		Phases:      influxPhases(`mean("%s_time")`),
		PhasesSlow:  influxPhases(`percentile("%s_time", 95)`),
		Percentiles: series("$col", overTime(`percentile("total_time", 50) AS "median", percentile("total_time", 95) AS "p95", percentile("total_time", 99) AS "p99"`, "")),
		Total:       series(seriesAlias, overTime(`mean("total_time")`, seriesTags)),
		RelayLatency: table(`SELECT percentile("total_time", 50) AS "median", percentile("total_time", 95) AS "p95", percentile("total_time", 99) AS "p99" FROM "smtpprobe" WHERE ` +
			probeFilter + ` GROUP BY "relay","host"`),
		Availability:      now(seriesAlias, `SELECT mean("success") FROM "smtpprobe" WHERE `+probeFilter+` GROUP BY `+seriesTags),
		AvailabilityTrend: series(seriesAlias, overTime(`mean("success")`, seriesTags)),
		SinceSuccess:      now(seriesAlias, `SELECT last("seconds_since_success") FROM "smtpprobe" WHERE `+probeFilter+` GROUP BY `+seriesTags),
		Consecutive:       series(seriesAlias, overTime(`max("consecutive_failures")`, seriesTags)),
		Vantage:           table(`SELECT count("value") AS "vantage_points", mean("value") AS "failing" FROM ` + down + ` WHERE $timeFilter GROUP BY "relay"`),
		Certificates:      now(seriesAlias, `SELECT last("cert_expiry") FROM "smtpprobe" WHERE `+probeFilter+` GROUP BY `+seriesTags),
		Capabilities:      table(`SELECT ` + lastValues("extensions", "auth_mechanisms", "size_limit") + ` FROM "smtpprobe" WHERE ` + probeFilter + ` GROUP BY "relay","source","ip"`),
		Sessions: table(`SELECT ` + lastValues("tls_verified", "tls_version", "tls_cipher", "tls_group", "cert_expiry", "chain_expiry", "cert_issuer", "cert_key", "cert_fingerprint") +
			` FROM "smtpprobe" WHERE ` + probeFilter + ` GROUP BY "relay","source","ip"`),
		Changes:       table(`SELECT "relay","host","what","layer","before","after","added","removed" FROM "smtpprobe_change" WHERE ` + probeFilter + ` ORDER BY time DESC LIMIT 100`),
		GroupState:    series("$tag_group $tag_host", groupsOverTime(`min("success")`, `"group","host"`, "null")),
		GroupSelected: series("$tag_group: $tag_selected", groupsOverTime(`count("success")`, `"group","selected"`, "0")),
		GroupHealthy:  series("$tag_group $tag_host $col", groupsOverTime(`min("healthy") AS "healthy", max("total") AS "total"`, `"group","host"`, "null")),
		Gathers: table(`SELECT ` + lastValues("targets", "succeeded", "failed", "failed_network", "skipped", "duration", "suspect", "state_error") +
			` FROM "smtpprobe_gather" WHERE ` + hostFilter + ` GROUP BY "host","instance"`),
		MailStates: series("$tag_state", `SELECT count("message_id") FROM "smtpprobe_arrival" WHERE `+relayFilter+` GROUP BY `+steps+`,"state" fill(0)`),
		MailDelay: series("$tag_relay to $tag_mailbox $col", `SELECT percentile("delay", 50) AS "median", percentile("delay", 95) AS "p95" FROM "smtpprobe_arrival" WHERE `+relayFilter+
			` GROUP BY `+steps+`,"relay","mailbox" fill(none)`),
		MailFlows: table(`SELECT ` + lastValues(flowFields...) + ` FROM "smtpprobe_flow" WHERE ` + relayFilter + ` GROUP BY "relay","mailbox","host"`),
		MailLatest: table(`SELECT "relay","mailbox","state","folder","delay","hops","slowest_hop","slowest_hop_time","spf","dkim","dmarc","error_class","reason","error","message_id" FROM "smtpprobe_arrival" WHERE ` +
			relayFilter + ` ORDER BY time DESC LIMIT 100`),
		Mailboxes: table(`SELECT ` + lastValues("success", "result", "ours", "foreign", "complete", "error") + ` FROM "smtpprobe_mailbox" WHERE ` + hostFilter + ` GROUP BY "mailbox","source","host"`),
		Policies: table(`SELECT ` + lastValues("would_deliver_dane", "would_deliver_sts", "dane", "sts") + `, last("result") AS "outcome", ` + lastValues("tlsa_match", "sts_cert_expiry") +
			` FROM "smtpprobe_policy" WHERE ` + probeFilter + ` GROUP BY "relay","source","ip"`),
		PolicyDomains: table(`SELECT ` + lastValues("would_deliver", "mx_total", "mx_failing_dane", "mx_failing_sts") + ` FROM "smtpprobe_policy_domain" WHERE ` + relayFilter + ` GROUP BY "relay","domain"`),
	}
	return queries
}

// flowFields lists the columns of the table of mail flows.
var flowFields = []string{"in_flight", "oldest_age", "held", "seconds_since_arrival",
	"sent_total", "arrived_total", "late_total", "lost_total", "found_total", "duplicate_total", "bounced_total", "delayed_total"}

// lastValues selects the last values of fields, under their names.
func lastValues(fields ...string) string {
	selected := make([]string, 0, len(fields))
	for _, field := range fields {
		selected = append(selected, `last("`+field+`") AS "`+field+`"`)
	}
	return strings.Join(selected, ", ")
}

// failures counts failed probes in each step.
func failures(by string) string {
	return `SELECT count("success") FROM "smtpprobe" WHERE ` + probeFilter + ` AND "success" = 0 GROUP BY ` + steps + `,` + by + ` fill(0)`
}

// groupsOverTime selects values of failover groups in each step.
func groupsOverTime(values, tags, fill string) string {
	return `SELECT ` + values + ` FROM "smtpprobe_group" WHERE ` + hostFilter + ` GROUP BY ` + steps + `,` + tags + ` fill(` + fill + `)`
}

func influxPhases(function string) []Query {
	phases := TimedPhases()
	selected := make([]string, 0, len(phases))
	for _, phase := range phases {
		selected = append(selected, fmt.Sprintf(function, phase)+` AS "`+string(phase)+`"`)
	}
	return []Query{{Text: overTime(strings.Join(selected, ", "), ""), Legend: "$col"}}
}

func influxVariable(name, label, query string) grafana.Variable {
	v := variable(name, label)
	v.Datasource, v.Query, v.Definition = &grafana.Datasource{Type: "influxdb", UID: "${datasource}"}, query, query
	// Matches an absent tag as well, such as host with omit_hostname.
	v.AllValue = ".*"
	return v
}

func variable(name, label string) grafana.Variable {
	return grafana.Variable{Name: name, Label: label, Type: "query", Multi: true, IncludeAll: true, Refresh: 2, Sort: 1,
		Current: grafana.Current{Text: []string{"All"}, Value: []string{"$__all"}}, Options: []grafana.Current{}}
}
