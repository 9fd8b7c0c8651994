package dashboards

import (
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

const fluxSeries = `["relay", "source", "ip", "probe", "host"]`

// fluxName is what Grafana calls a relay's series, by the labels of its table.
// The address is not in it, since few have one, and an absent label would show
// as its own name.
const fluxName = "${__field.labels.relay} ${__field.labels.source} ${__field.labels.probe} ${__field.labels.host}"

// fluxPlain keeps what makes a series, so that Grafana draws nothing else.
const fluxPlain = `
  |> keep(columns: ["_time", "_value", "relay", "source", "ip", "probe", "host"])`

// fluxWide makes a column of every name, which is how Grafana shows a series
// by its plain name.
const fluxWide = `
  |> group()
  |> pivot(rowKey: ["_time"], columnKey: ["name"], valueColumn: "_value")
  |> sort(columns: ["_time"])`

// Flux asks InfluxDB 2, and 1.8 where Flux is switched on.
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
		Target:       func(q Query) grafana.Target { return grafana.Target{"query": q.Text} },
		DisplayNames: true,
		Queries:      fluxQueries(),
	}
}

func fluxQueries() map[View][]Query {
	now := func(text string) []Query { return []Query{{Text: text, Now: true}} }
	table := func(text string) []Query { return []Query{{Text: text, Now: true, Table: true}} }
	series := func(text string) []Query { return []Query{{Text: text}} }
	relays := func(queries []Query) []Query { queries[0].Legend = fluxName; return queries }
	return map[View][]Query{
		Working: now(fluxLatest("success") + `
  |> group()
  |> sum()`),
		Failing: now(fluxLatest("success") + `
  |> map(fn: (r) => ({_value: 1 - r._value}))
  |> group()
  |> sum()`),
		Overall: now(fluxFrom("smtpprobe", `r._field == "success"`) + `
  |> group()
  |> mean()`),
		NextExpiry: now(fluxLatest("cert_expiry") + `
  |> group()
  |> min()
  |> keep(columns: ["_value"])`),
		Problems: table(fluxFrom("smtpprobe", fluxFields("success", "result", "result_reason", "result_fault", "result_phase", "smtp_code", "enhanced_code", "consecutive_failures", "error")) +
			fluxPivot + fluxLast("success") + `
  |> filter(fn: (r) => r.success == 0)
  |> group()
  |> drop(columns: ["_time", "_start", "_stop", "_measurement", "success", "error_class", "reason", "reply_code", "phase", "fault", "port", "tls"])
  |> rename(columns: {result: "class", result_reason: "reason", result_fault: "fault", result_phase: "phase", smtp_code: "reply", consecutive_failures: "in_a_row"})`),
		State: relays(series(fluxFrom("smtpprobe", fluxFields("success", "result_code")) + fluxPivot + `
  |> map(fn: (r) => ({r with _value: r.result_code * (1 - r.success)}))
  |> group(columns: ` + fluxSeries + `)` + fluxWindow("max", "false") + fluxPlain)),
		Classes: series(fluxFailures(`r.error_class`, "error_class")),
		Reasons: series(fluxFailures(`r.error_class + " " + r.reason`, "error_class", "reason")),
		ReplyCodes: series(fluxFrom("smtpprobe", `r._field == "smtp_code" and r._value > 0`) + `
  |> group(columns: ["reply_code"])` + fluxWindow("count", "true") + fluxCalled(`r.reply_code`) + fluxWide),
		StoppedAt: series(fluxFailures(`r.phase`, "phase")),
		Phases:    series(fluxPhases()),
		Total:     relays(series(fluxOverTime("total_time", "mean"))),
		Availability: relays(now(fluxFrom("smtpprobe", `r._field == "success"`) + `
  |> group(columns: ` + fluxSeries + `)
  |> mean()` + fluxPlain)),
		Consecutive: relays(series(fluxOverTime("consecutive_failures", "max"))),
		Vantage: table(fluxLatest("success") + `
  |> group(columns: ["relay"])
  |> reduce(fn: (r, accumulator) => ({points: accumulator.points + 1, failing: accumulator.failing + 1 - r._value}), identity: {points: 0, failing: 0})
  |> map(fn: (r) => ({relay: r.relay, vantage_points: r.points, failing: float(v: r.failing) / float(v: r.points)}))
  |> group()`),
		Certificates: relays(now(fluxLatest("cert_expiry") + fluxPlain)),
		Capabilities: table(fluxFrom("smtpprobe", fluxFields("extensions", "auth_mechanisms", "size_limit", "tls_version", "tls_cipher", "tls_verified")) + fluxPivot + `
  |> filter(fn: (r) => exists r.extensions)
  |> group(columns: ["relay", "source", "ip"])
  |> sort(columns: ["_time"])
  |> last(column: "extensions")
  |> group()
  |> drop(columns: ["_time", "_start", "_stop", "_measurement", "error_class", "reason", "reply_code", "phase", "fault", "port", "tls", "probe", "host"])`),
		GroupState: series(fluxGroups(`r._field == "success"`, `["group", "host"]`, "min", `r.group + (if exists r.host then " " + r.host else "")`)),
		GroupSelected: series(fluxGroups(`r._field == "success"`, `["group", "selected"]`, "count",
			`r.group + ": " + r.selected`)),
		GroupHealthy: series(fluxGroups(fluxFields("healthy", "total"), `["group", "host", "_field"]`, "min",
			`r.group + (if exists r.host then " " + r.host else "") + " " + r._field`)),
	}
}

// fluxPivot makes one row of each point.
const fluxPivot = `
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")`

// fluxFrom reads points that the variables choose. A tag that no point has,
// such as host with omit_hostname, is chosen too.
func fluxFrom(measurement, condition string) string {
	text := `from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "` + measurement + `")
  |> filter(fn: (r) => ` + condition + `)
  |> filter(fn: (r) => not exists r.host or r.host =~ /^${agent:regex}$/)`
	if measurement == "smtpprobe" {
		text += `
  |> filter(fn: (r) => r.relay =~ /^${relay:regex}$/ and r.probe =~ /^${probe:regex}$/)`
	}
	return text
}

func fluxFields(names ...string) string {
	return `r._field =~ /^(` + strings.Join(names, "|") + `)$/`
}

// fluxLast is the latest row of each series. Grouping does not sort.
func fluxLast(column string) string {
	return `
  |> group(columns: ` + fluxSeries + `)
  |> sort(columns: ["_time"])
  |> last(column: "` + column + `")`
}

func fluxLatest(field string) string {
	return fluxFrom("smtpprobe", `r._field == "`+field+`"`) + fluxLast("_value")
}

func fluxWindow(aggregate, empty string) string {
	return `
  |> aggregateWindow(every: v.windowPeriod, fn: ` + aggregate + `, createEmpty: ` + empty + `)`
}

func fluxCalled(name string) string {
	return `
  |> map(fn: (r) => ({_time: r._time, _value: r._value, name: ` + name + `}))`
}

func fluxOverTime(field, aggregate string) string {
	return fluxFrom("smtpprobe", `r._field == "`+field+`"`) + `
  |> group(columns: ` + fluxSeries + `)` + fluxWindow(aggregate, "false") + fluxPlain
}

func fluxFailures(name string, by ...string) string {
	return fluxFrom("smtpprobe", `r._field == "success" and r._value == 0`) + `
  |> group(columns: ["` + strings.Join(by, `", "`) + `"])` + fluxWindow("count", "true") + fluxCalled(name) + fluxWide
}

func fluxGroups(condition, by, aggregate, name string) string {
	return fluxFrom("smtpprobe_group", condition) + `
  |> group(columns: ` + by + `)` + fluxWindow(aggregate, "false") + fluxCalled(name) + fluxWide
}

func fluxPhases() string {
	phases := TimedPhases()
	fields := make([]string, 0, len(phases))
	for _, phase := range phases {
		fields = append(fields, string(phase)+"_time")
	}
	return `import "strings"

` + fluxFrom("smtpprobe", fluxFields(fields...)) + `
  |> group(columns: ["_field"])` + fluxWindow("mean", "false") + fluxCalled(`strings.trimSuffix(v: r._field, suffix: "_time")`) + fluxWide
}

func fluxVariable(name, label, tag string) grafana.Variable {
	return influxVariable(name, label, `import "influxdata/influxdb/v1"

v1.measurementTagValues(bucket: v.defaultBucket, measurement: "smtpprobe", tag: "`+tag+`")`)
}
