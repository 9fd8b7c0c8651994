package dashboards

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

const (
	fluxSeries = `["relay", "host", "source", "ip"]`

	// fluxNamed lists the tags in the name of a series. The tag ip is not one of
	// them, since few relays have it and Flux 1.8 fails on a tag that no point has.
	fluxNamed = `["relay", "host", "source"]`
	fluxName  = `r.relay + (if exists r.host then " " + r.host else "") + (if exists r.source then " " + r.source else "")`

	// fluxWide pivots series into one column per name. Grafana names the series of
	// such a table after the columns.
	fluxWide = `
  |> group()
  |> pivot(rowKey: ["_time"], columnKey: ["name"], valueColumn: "_value")
  |> sort(columns: ["_time"])`

	// fluxPivot pivots the fields of a point into one row.
	fluxPivot = `
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`
)

// Flux returns the source for InfluxDB 2, and for 1.8 with Flux enabled.
func Flux() Source {
	return Source{
		Key:         "flux",
		Title:       "Flux",
		Description: "For InfluxDB 2, and for 1.8 with Flux. The panels by class, reason and code need the outcome tags, which the plugin sets by default.",
		Type:        "influxdb",
		Variables: []grafana.Variable{
			fluxVariable("relay", "Relay", "relay"),
			fluxVariable("probe", "Probe", "probe"),
			fluxVariable("agent", "Vantage point", "host"),
		},
		Target: func(q Query) grafana.Target { return grafana.Target{"query": q.Text} },
		Changes: grafana.Annotation{Target: grafana.Target{"refId": "Anno", "query": fluxFrom("smtpprobe_change", `r._field == "before" or r._field == "after"`) + fluxPivot + `
  |> group()
  |> map(fn: (r) => ({time: r._time, title: r.relay + ": " + r.what, text: r.before + " -> " + r.after, tags: r.what}))`}},
		Queries: fluxQueries(),
	}
}

func fluxQueries() map[View][]Query {
	now := func(text string) []Query { return []Query{{Text: text, Now: true}} }
	table := func(text string) []Query { return []Query{{Text: text, Now: true, Table: true}} }
	series := func(text string) []Query { return []Query{{Text: text}} }
	const (
		all      = "\n  |> group()"
		byRelay  = "\n  |> group(columns: [\"relay\"])"
		bySeries = "\n  |> group(columns: " + fluxNamed + ")"
		failing  = "\n  |> map(fn: (r) => ({relay: r.relay, _value: 1 - r._value}))"
	)
	return map[View][]Query{
		Working:     now(fluxLatest("success") + byRelay + "\n  |> max()" + all + "\n  |> mean()"),
		Failing:     now(fluxLatest("success") + failing + byRelay + "\n  |> max()" + all + "\n  |> sum()"),
		Overall:     now(fluxFrom("smtpprobe", fluxFields("success")) + all + "\n  |> mean()"),
		NextExpiry:  now(fluxLatest("cert_expiry") + all + "\n  |> min()\n  |> keep(columns: [\"_value\"])"),
		NotVerified: now(fluxLatest("tls_verified") + failing + byRelay + "\n  |> max()" + all + "\n  |> sum()"),
		Suspect: now(fluxFrom("smtpprobe_gather", fluxFields("suspect")) + fluxLast(`["host", "instance"]`, "_value") + `
  |> group(columns: ["host"])
  |> max()` + all + "\n  |> sum()"),
		Problems: table(fluxFrom("smtpprobe", fluxFields("success", "result", "result_reason", "result_fault", "result_phase", "smtp_code", "enhanced_code", "consecutive_failures", "greeting_host", "error")) +
			fluxPivot + fluxLast(fluxSeries, "success") + `
  |> filter(fn: (r) => r.success == 0)` + all + fluxDrop("success", "source", "probe", "domain") + `
  |> rename(columns: {result: "class", result_reason: "reason", result_fault: "fault", result_phase: "phase", smtp_code: "reply", consecutive_failures: "in_a_row"})`),
		State: series(fluxFrom("smtpprobe", fluxFields("success", "result_code")) + fluxPivot + `
  |> map(fn: (r) => ({r with _value: r.result_code * (1 - r.success)}))` + bySeries + fluxWindow("max", "false") + fluxWithName(fluxName) + fluxWide),
		Classes: series(fluxFailures(`r.error_class`, "error_class")),
		Reasons: series(fluxFailures(`r.error_class + " " + r.reason`, "error_class", "reason")),
		ReplyCodes: series(fluxFrom("smtpprobe", `r._field == "smtp_code" and r._value > 0`) + `
  |> group(columns: ["reply_code"])` + fluxWindow("count", "true") + fluxWithName(`r.reply_code`) + fluxWide),
		StoppedAt: series(fluxFailures(`r.phase`, "phase")),
		Backends: table(fluxFrom("smtpprobe", fluxFields("success", "greeting_host", "result", "result_reason", "smtp_code", "error")) + fluxPivot + `
  |> filter(fn: (r) => r.success == 0)` + fluxNewest + fluxDropKeepTime("success", "source", "ip", "probe", "domain")),
		Phases:      series(fluxPhases("mean")),
		PhasesSlow:  series(fluxPhases(fluxQuantile("0.95"))),
		Percentiles: fluxPercentiles(),
		Total:       series(fluxOverTime("total_time", "mean")),
		RelayLatency: table(`points = ` + fluxFrom("smtpprobe", fluxFields("total_time")) + `
  |> group(columns: ["relay", "host"])
at = (q, name) => points
  |> quantile(q: q, method: "exact_mean")
  |> map(fn: (r) => ({relay: r.relay, host: (if exists r.host then r.host else ""), name: name, _value: r._value}))
union(tables: [at(q: 0.5, name: "median"), at(q: 0.95, name: "p95"), at(q: 0.99, name: "p99")])` + all + `
  |> pivot(rowKey: ["relay", "host"], columnKey: ["name"], valueColumn: "_value")`),
		Availability:      now(fluxFrom("smtpprobe", fluxFields("success")) + bySeries + "\n  |> mean()" + fluxSingleRow),
		AvailabilityTrend: series(fluxOverTime("success", "mean")),
		SinceSuccess:      now(fluxFrom("smtpprobe", fluxFields("seconds_since_success")) + fluxLast(fluxNamed, "_value") + fluxSingleRow),
		Consecutive:       series(fluxOverTime("consecutive_failures", "max")),
		Vantage: table(fluxLatest("success") + byRelay + `
  |> reduce(fn: (r, accumulator) => ({points: accumulator.points + 1, failing: accumulator.failing + 1 - r._value}), identity: {points: 0, failing: 0})
  |> map(fn: (r) => ({relay: r.relay, vantage_points: r.points, failing: float(v: r.failing) / float(v: r.points)}))` + all),
		Certificates:  now(fluxFrom("smtpprobe", fluxFields("cert_expiry")) + fluxLast(fluxNamed, "_value") + fluxSingleRow),
		Capabilities:  table(fluxTable("smtpprobe", `["relay", "source", "ip"]`, "extensions", "extensions", "auth_mechanisms", "size_limit") + fluxDrop("probe", "host", "domain")),
		Sessions:      table(fluxTable("smtpprobe", `["relay", "source", "ip"]`, "tls_version", "tls_verified", "tls_version", "tls_cipher", "tls_group", "cert_expiry", "chain_expiry", "cert_issuer", "cert_key", "cert_fingerprint") + fluxDrop("probe", "host", "domain")),
		Changes:       table(fluxFrom("smtpprobe_change", fluxFields("before", "after", "added", "removed")) + fluxPivot + fluxNewest + fluxDropKeepTime("source", "ip", "probe", "domain")),
		GroupState:    series(fluxGroups(fluxFields("success"), `["group", "host"]`, "min", `r.group + (if exists r.host then " " + r.host else "")`)),
		GroupSelected: series(fluxGroups(fluxFields("success"), `["group", "selected"]`, "count", `r.group + ": " + r.selected`)),
		GroupHealthy: series(fluxGroups(fluxFields("healthy", "total"), `["group", "host", "_field"]`, "min",
			`r.group + (if exists r.host then " " + r.host else "") + " " + r._field`)),
		Gathers: table(fluxTable("smtpprobe_gather", `["host", "instance"]`, "targets", "targets", "succeeded", "failed", "failed_network", "skipped", "duration", "suspect", "state_error") + fluxDrop()),
		MailStates: series(fluxFrom("smtpprobe_arrival", fluxFields("message_id")) + `
  |> group(columns: ["state"])` + fluxWindow("count", "true") + fluxWithName("r.state") + fluxWide),
		MailDelay: fluxMailDelay(),
		MailFlows: table(fluxTable("smtpprobe_flow", `["relay", "mailbox", "host"]`, "in_flight", flowFields...) + fluxDrop()),
		MailLatest: table(fluxFrom("smtpprobe_arrival", fluxFields("delay", "hops", "slowest_hop", "slowest_hop_time", "spf", "dkim", "dmarc", "error", "message_id")) +
			fluxPivot + fluxNewest + `
  |> drop(columns: ["_start", "_stop", "_measurement", "host"])`),
		Mailboxes: table(fluxTable("smtpprobe_mailbox", `["mailbox", "source", "host"]`, "success", "success", "result", "ours", "foreign", "complete", "error") + fluxDrop()),
		Policies: table(fluxTable("smtpprobe_policy", `["relay", "source", "ip"]`, "dane", "would_deliver_dane", "would_deliver_sts", "dane", "sts", "result", "tlsa_match", "sts_cert_expiry") +
			fluxDrop("probe", "host", "domain") + `
  |> rename(columns: {result: "outcome"})`),
		PolicyDomains: table(fluxTable("smtpprobe_policy_domain", `["relay", "domain"]`, "would_deliver", "would_deliver", "mx_total", "mx_failing_dane", "mx_failing_sts") + fluxDrop("host")),
	}
}

// fluxNewest selects the last 100 points of all relays.
const fluxNewest = `
  |> group()
  |> sort(columns: ["_time"], desc: true)
  |> limit(n: 100)`

// fluxSingleRow pivots values without a common time into one row.
const fluxSingleRow = `
  |> map(fn: (r) => ({_time: v.timeRangeStop, _value: r._value, name: ` + fluxName + `}))
  |> group()
  |> sort(columns: ["_value"])
  |> pivot(rowKey: ["_time"], columnKey: ["name"], valueColumn: "_value")`

// fluxFrom selects points by the variables of the dashboard. An absent tag, such as
// host with omit_hostname, matches as well.
func fluxFrom(measurement, condition string) string {
	text := `from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "` + measurement + `")
  |> filter(fn: (r) => ` + condition + `)
  |> filter(fn: (r) => not exists r.host or r.host =~ /^${agent:regex}$/)`
	switch measurement {
	case "smtpprobe", "smtpprobe_change", "smtpprobe_policy":
		text += `
  |> filter(fn: (r) => r.relay =~ /^${relay:regex}$/ and r.probe =~ /^${probe:regex}$/)`
	case "smtpprobe_arrival", "smtpprobe_flow", "smtpprobe_policy_domain":
		text += `
  |> filter(fn: (r) => r.relay =~ /^${relay:regex}$/)`
	}
	return text
}

func fluxFields(names ...string) string {
	if len(names) == 1 {
		return `r._field == "` + names[0] + `"`
	}
	return `r._field =~ /^(` + strings.Join(names, "|") + `)$/`
}

// fluxLast selects the last row of each series. It sorts, since grouping does not.
func fluxLast(series, column string) string {
	return `
  |> group(columns: ` + series + `)
  |> sort(columns: ["_time"])
  |> last(column: "` + column + `")`
}

func fluxLatest(field string) string {
	return fluxFrom("smtpprobe", fluxFields(field)) + fluxLast(fluxSeries, "_value")
}

// fluxTable selects fields of the last point of each series that has the field
// required.
func fluxTable(measurement, series, required string, fields ...string) string {
	return fluxFrom(measurement, fluxFields(fields...)) + fluxPivot + `
  |> filter(fn: (r) => exists r.` + required + `)` + fluxLast(series, required) + `
  |> group()`
}

// fluxDrop drops columns that a table does not show: the time, the tags of the
// outcome, and more.
func fluxDrop(more ...string) string {
	return fluxDropKeepTime(append([]string{"_time"}, more...)...)
}

func fluxDropKeepTime(more ...string) string {
	columns := append([]string{"_start", "_stop", "_measurement", "error_class", "reason", "reply_code", "phase", "fault", "port", "tls"}, more...)
	return `
  |> drop(columns: ["` + strings.Join(columns, `", "`) + `"])`
}

func fluxWindow(aggregate, empty string) string {
	return `
  |> aggregateWindow(every: v.windowPeriod, fn: ` + aggregate + `, createEmpty: ` + empty + `)`
}

// fluxQuantile returns an aggregate function for fluxWindow.
func fluxQuantile(q string) string {
	return `(column, tables=<-) => tables |> quantile(q: ` + q + `, column: column, method: "exact_mean")`
}

// fluxWithName adds a column with the name of the series.
func fluxWithName(name string) string {
	return `
  |> map(fn: (r) => ({_time: r._time, _value: r._value, name: ` + name + `}))`
}

func fluxOverTime(field, aggregate string) string {
	return fluxFrom("smtpprobe", fluxFields(field)) + `
  |> group(columns: ` + fluxNamed + `)` + fluxWindow(aggregate, "false") + fluxWithName(fluxName) + fluxWide
}

func fluxFailures(name string, by ...string) string {
	return fluxFrom("smtpprobe", `r._field == "success" and r._value == 0`) + `
  |> group(columns: ["` + strings.Join(by, `", "`) + `"])` + fluxWindow("count", "true") + fluxWithName(name) + fluxWide
}

func fluxGroups(condition, by, aggregate, name string) string {
	return fluxFrom("smtpprobe_group", condition) + `
  |> group(columns: ` + by + `)` + fluxWindow(aggregate, "false") + fluxWithName(name) + fluxWide
}

func fluxPhases(aggregate string) string {
	phases := TimedPhases()
	fields := make([]string, 0, len(phases))
	for _, phase := range phases {
		fields = append(fields, string(phase)+"_time")
	}
	return `import "strings"

` + fluxFrom("smtpprobe", fluxFields(fields...)) + `
  |> group(columns: ["_field"])` + fluxWindow(aggregate, "false") + fluxWithName(`strings.trimSuffix(v: r._field, suffix: "_time")`) + fluxWide
}

// percentiles lists the percentiles in dashboards.
var percentiles = []struct{ name, q string }{{"median", "0.5"}, {"p95", "0.95"}, {"p99", "0.99"}}

func fluxPercentiles() []Query {
	queries := make([]Query, 0, len(percentiles))
	for _, p := range percentiles {
		queries = append(queries, Query{Text: fluxFrom("smtpprobe", fluxFields("total_time")) + "\n  |> group()" +
			fluxWindow(fluxQuantile(p.q), "false") + fluxWithName(`"`+p.name+`"`) + fluxWide})
	}
	return queries
}

func fluxMailDelay() []Query {
	queries := make([]Query, 0, 2)
	for _, p := range percentiles[:2] {
		queries = append(queries, Query{Text: fluxFrom("smtpprobe_arrival", fluxFields("delay")) + `
  |> group(columns: ["relay", "mailbox"])` + fluxWindow(fluxQuantile(p.q), "false") +
			fluxWithName(fmt.Sprintf(`r.relay + " to " + r.mailbox + " %s"`, p.name)) + fluxWide})
	}
	return queries
}

func fluxVariable(name, label, tag string) grafana.Variable {
	return influxVariable(name, label, `import "influxdata/influxdb/v1"

v1.measurementTagValues(bucket: v.defaultBucket, measurement: "smtpprobe", tag: "`+tag+`")`)
}
