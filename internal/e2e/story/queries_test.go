//go:build e2e

package story

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// question is one of docs/queries.md, with what its answers should be.
type question struct {
	title string
	// sums are the sums of an answer's numbers, by relay; relays without an
	// entry must have 0 or be absent.
	sums map[string]float64
	// promSums is the same for PromQL, where it sees something else.
	promSums map[string]float64
	// texts are in the answer, whatever the language, if it has no numbers.
	texts []string
}

// questions are about one hour in which mx works, login refused five logins, one
// of farm's two backends refused eleven times, and down is down for the last ten
// minutes.
var questions = []question{
	{title: "When were logins refused", sums: map[string]float64{"login": 5}, promSums: map[string]float64{}},
	{title: "What share", sums: map[string]float64{"login": 5.0 / 60, "farm": 11.0 / 60}},
	{title: "How slow", sums: map[string]float64{"mx": 0.05, "login": 0.07, "farm": 0.05, "down": 0.05}, promSums: map[string]float64{"mx": 0.05, "farm": 0.05, "down": 0.05}},
	{title: "How available", sums: map[string]float64{"mx": 1, "login": 55.0 / 60, "farm": 49.0 / 60, "down": 50.0 / 60}},
	{title: "How long ago", sums: map[string]float64{"down": 600}},
	{title: "Which relay is worst", sums: map[string]float64{"farm": 49.0 / 60}},
	{title: "Which certificate", sums: map[string]float64{"mx": 10, "login": 90}},
	{title: "What changed", texts: []string{"farm", "extensions", "PIPELINING,STARTTLS"}},
	{title: "Which backend", texts: []string{"farm", "b2.example.org"}},
	{title: "How many messages", sums: map[string]float64{"mx": 2}},
}

var fence = regexp.MustCompile("(?s)```(influxql|flux|sql|promql)\n(.*?)```")

// documentedQueries are the queries of docs/queries.md by their section's title
// and language.
func documentedQueries(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e2e.Root(t), "docs", "queries.md"))
	require.NoError(t, err)
	found := make(map[string]map[string]string)
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		_, title, _ = strings.Cut(title, ". ")
		found[title] = make(map[string]string)
		for _, block := range fence.FindAllStringSubmatch(body, -1) {
			found[title][block[1]] = block[2]
		}
		require.Len(t, found[title], 4, "%s: one query for each language", title)
	}
	return found
}

// hour is the probes of an hour, a minute apart, as line protocol, as
// OpenMetrics, and as SQL that makes its tables.
type hour struct {
	lines, metrics, sql strings.Builder
}

// writtenHour ends now.
func writtenHour(now time.Time) *hour {
	h := &hour{}
	series := make(map[string][]string) // of OpenMetrics, by metric
	sample := func(metric, labels string, value any, at time.Time) {
		series[metric] = append(series[metric], fmt.Sprintf("%s{%s} %v %d", metric, labels, value, at.Unix()))
	}
	h.sql.WriteString(`CREATE TABLE smtpprobe (time timestamptz, relay text, success bigint, result text, smtp_code bigint, rcpt_time float8, auth_time float8, seconds_since_success bigint, cert_expiry bigint, greeting_host text, error text);
CREATE TABLE smtpprobe_change (time timestamptz, relay text, what text, layer text, before text, after text);
CREATE TABLE smtpprobe_arrival (time timestamptz, relay text, mailbox text, state text, message_id text);
`)
	failures := make(map[string]int)
	for minute := range 60 {
		at := now.Add(time.Duration(minute-59)*time.Minute - 10*time.Second)
		for _, relay := range []string{"mx", "login", "farm", "down"} {
			success, result, code, since, fault, backend := 1, "none", 250, 0, "none", "only.example.org"
			timed, more := "rcpt_time=0.05", ""
			switch {
			case relay == "login" && minute >= 20 && minute < 25:
				success, result, code, fault = 0, "auth_failed", 535, "credentials"
			case relay == "farm" && minute >= 28 && minute < 50 && minute%2 == 0:
				success, result, code, fault = 0, "recipients_refused", 550, "message"
			case relay == "down" && minute >= 50:
				success, result, code, since, fault = 0, "connect_error", 0, 60*(minute-49), "network"
			}
			switch relay {
			case "login":
				timed, more = "auth_time=0.07", fmt.Sprintf(",cert_expiry=%di", 90*86400)
			case "mx":
				more = fmt.Sprintf(",cert_expiry=%di", 10*86400)
			case "farm":
				backend = []string{"b2.example.org", "b1.example.org"}[minute%2]
			}
			if success == 0 && relay != "farm" {
				backend = ""
			}
			if backend != "" {
				more += `,greeting_host="` + backend + `"`
			}
			fmt.Fprintf(&h.lines, "smtpprobe,relay=%s,source=s,host=fra1 success=%di,result=%q,smtp_code=%di,seconds_since_success=%di,%s%s %d\n",
				relay, success, result, code, since, timed, more, at.UnixNano())
			labels := fmt.Sprintf(`relay=%q,source="s",host="fra1"`, relay)
			if success == 0 {
				failures[relay]++
			}
			value := map[string]string{"rcpt_time": "NULL", "auth_time": "NULL", "cert_expiry": "NULL"}
			for _, field := range strings.Split(strings.Trim(timed+more, ","), ",") {
				name, number, _ := strings.Cut(field, "=")
				value[name] = strings.TrimSuffix(number, "i")
			}
			host := "NULL"
			if backend != "" {
				host = "'" + backend + "'"
			}
			fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe VALUES (to_timestamp(%d), '%s', %d, '%s', %d, %s, %s, %d, %s, %s, NULL);\n",
				at.Unix(), relay, success, result, code, value["rcpt_time"], value["auth_time"], since, value["cert_expiry"], host)
			sample("smtpprobe_success", labels, success, at)
			sample("smtpprobe_smtp_code", labels, code, at)
			sample("smtpprobe_seconds_since_success", labels, since, at)
			for _, name := range []string{"rcpt_time", "cert_expiry"} {
				if value[name] != "NULL" {
					sample("smtpprobe_"+name, labels, value[name], at)
				}
			}
			outcome := fmt.Sprintf(`%s,result=%q`, labels, result)
			if success == 0 && backend != "" {
				outcome += fmt.Sprintf(`,backend=%q`, backend)
			}
			sample("smtpprobe_outcome_time", outcome, at.Unix(), at)
			if fault == "credentials" || relay == "login" {
				sample("smtpprobe_fault_failures_total", labels+`,result_fault="credentials"`, failures[relay], at)
			}
		}
		lost := 0
		if minute > 30 {
			lost = 2
		}
		sample("smtpprobe_flow_lost_total", `relay="mx",mailbox="inbox",host="fra1"`, lost, at)
		if minute == 40 {
			fmt.Fprintf(&h.lines, "smtpprobe_change,relay=farm,source=s,host=fra1,what=extensions,layer=plain before=\"PIPELINING,STARTTLS\",after=\"PIPELINING\",added=\"\",removed=\"STARTTLS\" %d\n", at.UnixNano())
			fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe_change VALUES (to_timestamp(%d), 'farm', 'extensions', 'plain', 'PIPELINING,STARTTLS', 'PIPELINING');\n", at.Unix())
			sample("smtpprobe_changed_time", `relay="farm",host="fra1",what="extensions",layer="plain",before="PIPELINING,STARTTLS",after="PIPELINING"`, at.Unix(), at)
		}
		if minute == 30 || minute == 31 {
			fmt.Fprintf(&h.lines, "smtpprobe_arrival,relay=mx,mailbox=inbox,host=fra1,state=lost,folder=none message_id=\"%d\" %d\n", minute, at.UnixNano())
			fmt.Fprintf(&h.sql, "INSERT INTO smtpprobe_arrival VALUES (to_timestamp(%d), 'mx', 'inbox', 'lost', '%d');\n", at.Unix(), minute)
		}
	}
	for metric, samples := range series {
		fmt.Fprintf(&h.metrics, "# TYPE %s unknown\n", strings.TrimSuffix(metric, "_total"))
		h.metrics.WriteString(strings.Join(samples, "\n") + "\n")
	}
	h.metrics.WriteString("# EOF\n")
	return h
}

// check compares the rows of an answer: cells by column, numbers as float64.
func (q question) check(t *testing.T, rows []map[string]any, want map[string]float64) {
	t.Helper()
	if q.texts != nil {
		require.NotEmpty(t, rows)
		all := fmt.Sprint(rows)
		for _, text := range q.texts {
			require.Contains(t, all, text)
		}
		require.NotContains(t, all, "login", "only what is asked")
		return
	}
	got := make(map[string]float64)
	for _, row := range rows {
		relay, _ := row["relay"].(string)
		for column, cell := range row {
			if number, ok := cell.(float64); ok && column != "time" {
				got[relay] += number
			}
		}
	}
	for relay, sum := range want {
		require.InDelta(t, sum, got[relay], 0.03*max(sum, 0.1), "%s in %v", relay, rows)
	}
	for relay, sum := range got {
		if _, expected := want[relay]; !expected {
			require.InDelta(t, 0, sum, 1e-9, "%s in %v", relay, rows)
		}
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	now := time.Now()
	written := writtenHour(now)
	influx, flux := startInfluxDB(t), startFlux(t)
	influx.write(t, written.lines.String())
	flux.write(t, written.lines.String())
	prom := startPrometheusOf(t, written.metrics.String())
	postgres := startPostgres(t, written.sql.String())
	documented := documentedQueries(t)
	require.Len(t, documented, len(questions))
	for title, queries := range documented {
		for _, q := range questions {
			if !strings.HasPrefix(title, q.title) {
				continue
			}
			t.Run(title, func(t *testing.T) {
				t.Parallel()
				q.check(t, influx.rows(t, queries["influxql"]), q.sums)
				q.check(t, flux.numbers(t, queries["flux"]), q.sums)
				promWant := q.sums
				if q.promSums != nil {
					promWant = q.promSums
				}
				q.check(t, prom.rows(t, queries["promql"]), promWant)
				if postgres != nil {
					q.check(t, postgres.rows(t, queries["sql"]), q.sums)
				}
			})
		}
	}
	// The spike is over, but five logins were refused in five minutes.
	spike := prom.rows(t, "max_over_time(("+documented["When were logins refused, by the minute?"]["promql"]+")[1h:1m])")
	require.Len(t, spike, 1)
	require.InDelta(t, 1, spike[0]["value"], 0.3)
}

// rows are those of an InfluxQL query, tags included.
func (db *influxDB) rows(t *testing.T, query string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for _, series := range db.query(t, query) {
		for _, values := range series.Values {
			row := make(map[string]any)
			for tag, value := range series.Tags {
				row[tag] = value
			}
			for i, column := range series.Columns {
				row[column] = values[i]
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// numbers are the rows of a Flux query, with what it computed as numbers.
func (db *influxDB) numbers(t *testing.T, query string) []map[string]any {
	t.Helper()
	query = strings.ReplaceAll(query, `"`+database+`"`, `"`+database+`/autogen"`)
	rows := db.flux(t, dashboards.Query{Text: query, Table: true}, time.Now()).rows
	for _, row := range rows {
		for _, column := range []string{"_value", "success"} {
			if text, ok := row[column].(string); ok {
				if number, err := strconv.ParseFloat(text, 64); err == nil {
					row[column] = number
				}
			}
		}
	}
	return rows
}

// rows are those of an instant query.
func (p *prometheus) rows(t *testing.T, expr string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for _, series := range p.query(t, expr) {
		row := map[string]any{"value": number(t, series.Value)}
		for label, value := range series.Metric {
			row[label] = value
		}
		if strings.Contains(expr, "changed_time") || strings.Contains(expr, "outcome_time") {
			delete(row, "value")
		}
		rows = append(rows, row)
	}
	return rows
}

// startPrometheusOf has samples of the past.
func startPrometheusOf(t *testing.T, metrics string) *prometheus {
	t.Helper()
	place := e2e.PlaceFor(t, "prometheus")
	input := place.WriteFile(t, "metrics.txt", metrics)
	output, err := exec.CommandContext(t.Context(), "promtool", "tsdb", "create-blocks-from", "openmetrics", input, place.File("data")).CombinedOutput()
	require.NoError(t, err, "%s", output)
	config := place.WriteFile(t, "prometheus.yml", "global: {}\n")
	path, err := exec.LookPath("prometheus")
	require.NoError(t, err)
	p := &prometheus{url: "http://" + place.At(9090), Program: e2e.StartProgram(t, place, "prometheus", path,
		"--config.file="+config, "--storage.tsdb.path="+place.File("data"), "--web.listen-address="+place.At(9090), "--log.level=warn")}
	p.Await(t, "is ready", func() bool { return up(t, p.url+"/-/ready") })
	status, body := request(t, http.MethodGet, p.url+"/api/v1/query?"+url.Values{"query": {"smtpprobe_success"}}.Encode(), "", "")
	require.Equal(t, http.StatusOK, status, "%s", body)
	return p
}
