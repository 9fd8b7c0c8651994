package dashboards

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

// series are the tags that make one relay, as one agent probes it. The tags
// that tell the outcome are not among them: a relay that changes its state
// stays one series.
const (
	seriesTags  = `"relay","source","ip","probe","host"`
	seriesAlias = "$tag_relay $tag_source $tag_ip $tag_probe $tag_host"
	chosen      = `"relay" =~ /^$relay$/ AND "probe" =~ /^$probe$/ AND "host" =~ /^$agent$/`
	inRange     = `$timeFilter AND ` + chosen
	groupRange  = `$timeFilter AND "host" =~ /^$agent$/`
	steps       = `time($__interval)`
)

// latest is the latest point of each series: its fields, as they were together.
func latest(fields string) string {
	return fmt.Sprintf(`(SELECT last("success") AS "success", %s FROM "smtpprobe" WHERE %s GROUP BY %s)`, fields, inRange, seriesTags)
}

// InfluxQL asks InfluxDB 1.x, and 2 and 3 through their InfluxQL interfaces.
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
		Queries: influxQLQueries(),
	}
}

func influxQLQueries() map[View][]Query {
	return map[View][]Query{
		Working: {{Text: `SELECT sum("success") FROM ` + `(SELECT last("success") AS "success" FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + seriesTags + `) WHERE $timeFilter`, Legend: "working", Now: true}},
		Failing: {{Text: `SELECT sum("failing") FROM (SELECT 1 - last("success") AS "failing" FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + seriesTags + `) WHERE $timeFilter`, Legend: "failing", Now: true}},
		Overall: {{Text: `SELECT mean("success") FROM "smtpprobe" WHERE ` + inRange, Legend: "availability", Now: true}},
		NextExpiry: {{Text: `SELECT min("left") FROM (SELECT last("cert_expiry") AS "left" FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + seriesTags + `) WHERE $timeFilter`,
			Legend: "next", Now: true}},
		Problems: {{Text: `SELECT "relay","host","ip","probe","class","reason","fault","phase","reply","enhanced","in_a_row","error" FROM ` +
			latest(`"result" AS "class", "result_reason" AS "reason", "result_fault" AS "fault", "result_phase" AS "phase", "smtp_code" AS "reply", "enhanced_code" AS "enhanced", "consecutive_failures" AS "in_a_row", "error" AS "error"`) +
			` WHERE $timeFilter AND "success" = 0`, Table: true, Now: true}},
		State: {{Text: `SELECT max("verdict") FROM (SELECT "result_code" * (1 - "success") AS "verdict" FROM "smtpprobe" WHERE ` + inRange + `) WHERE $timeFilter GROUP BY ` +
			steps + `,` + seriesTags + ` fill(null)`, Legend: seriesAlias}},
		Classes:    {{Text: failures(`"error_class"`), Legend: "$tag_error_class"}},
		Reasons:    {{Text: failures(`"error_class","reason"`), Legend: "$tag_error_class $tag_reason"}},
		ReplyCodes: {{Text: `SELECT count("smtp_code") FROM "smtpprobe" WHERE ` + inRange + ` AND "smtp_code" > 0 GROUP BY ` + steps + `,"reply_code" fill(0)`, Legend: "$tag_reply_code"}},
		StoppedAt:  {{Text: failures(`"phase"`), Legend: "$tag_phase"}},
		Phases:     influxPhases(),
		Total:      {{Text: `SELECT mean("total_time") FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + steps + `,` + seriesTags + ` fill(null)`, Legend: seriesAlias}},
		Availability: {{Text: `SELECT mean("success") FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + seriesTags,
			Legend: seriesAlias, Now: true}},
		Consecutive: {{Text: `SELECT max("consecutive_failures") FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + steps + `,` + seriesTags + ` fill(null)`, Legend: seriesAlias}},
		Vantage: {{Text: `SELECT count("failing") AS "vantage_points", mean("failing") AS "failing" FROM (SELECT 1 - last("success") AS "failing" FROM "smtpprobe" WHERE ` + inRange +
			` GROUP BY ` + seriesTags + `) WHERE $timeFilter GROUP BY "relay"`, Table: true, Now: true}},
		Certificates: {{Text: `SELECT last("cert_expiry") FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + seriesTags, Legend: seriesAlias, Now: true}},
		Capabilities: {{Text: `SELECT last("extensions") AS "extensions", last("auth_mechanisms") AS "auth_mechanisms", last("size_limit") AS "size_limit", last("tls_version") AS "tls_version", last("tls_cipher") AS "tls_cipher", last("tls_verified") AS "tls_verified" FROM "smtpprobe" WHERE ` +
			inRange + ` GROUP BY "relay","source","ip"`, Table: true, Now: true}},
		GroupState:    {{Text: `SELECT min("success") FROM "smtpprobe_group" WHERE ` + groupRange + ` GROUP BY ` + steps + `,"group","host" fill(null)`, Legend: "$tag_group $tag_host"}},
		GroupSelected: {{Text: `SELECT count("success") FROM "smtpprobe_group" WHERE ` + groupRange + ` GROUP BY ` + steps + `,"group","selected" fill(0)`, Legend: "$tag_group: $tag_selected"}},
		GroupHealthy: {{Text: `SELECT min("healthy") AS "healthy", max("total") AS "total" FROM "smtpprobe_group" WHERE ` + groupRange + ` GROUP BY ` + steps + `,"group","host" fill(null)`,
			Legend: "$tag_group $tag_host $col"}},
	}
}

func failures(by string) string {
	return `SELECT count("success") FROM "smtpprobe" WHERE ` + inRange + ` AND "success" = 0 GROUP BY ` + steps + `,` + by + ` fill(0)`
}

func influxPhases() []Query {
	phases := TimedPhases()
	columns := make([]string, 0, len(phases))
	for _, phase := range phases {
		columns = append(columns, `mean("`+string(phase)+`_time") AS "`+string(phase)+`"`)
	}
	return []Query{{Text: `SELECT ` + strings.Join(columns, ", ") + ` FROM "smtpprobe" WHERE ` + inRange + ` GROUP BY ` + steps + ` fill(null)`, Legend: "$col"}}
}

func influxVariable(name, label, query string) grafana.Variable {
	v := variable(name, label)
	v.Datasource, v.Query, v.Definition = &grafana.Datasource{Type: "influxdb", UID: "${datasource}"}, query, query
	// A tag that no point has, such as host with omit_hostname, is empty, and
	// this matches it.
	v.AllValue = ".*"
	return v
}

func variable(name, label string) grafana.Variable {
	return grafana.Variable{Name: name, Label: label, Type: "query", Multi: true, IncludeAll: true, Refresh: 2, Sort: 1,
		Current: grafana.Current{Text: []string{"All"}, Value: []string{"$__all"}}, Options: []grafana.Current{}}
}
