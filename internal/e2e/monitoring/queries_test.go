//go:build e2e

package monitoring

import (
	"fmt"
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

// question is a section of docs/queries.md with the expected results.
type question struct {
	title string
	// sums are the sums of all numbers in the result, by relay; other relays must
	// have 0 or be absent.
	sums map[string]float64
	// promSums are the sums for PromQL if they differ.
	promSums map[string]float64
	// texts are in a result without numbers.
	texts []string
}

// questions are asked after an hour in which mx worked, login refused five logins,
// one of farm's two backends refused eleven messages, and down was down for the
// last ten minutes.
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

// documentedQueries returns the queries of docs/queries.md by section title and
// language.
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

// check compares rows, which map columns to cells and have numbers as float64.
func (q question) check(t *testing.T, rows []map[string]any, want map[string]float64) {
	t.Helper()
	if q.texts != nil {
		require.NotEmpty(t, rows)
		all := fmt.Sprint(rows)
		for _, text := range q.texts {
			require.Contains(t, all, text)
		}
		require.NotContains(t, all, "login", "no other relay")
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
	past := newHistory(now)
	influx, flux := startInfluxDB(t), startFlux(t)
	influx.write(t, past.lines.String())
	flux.write(t, past.lines.String())
	prom := startPrometheusWith(t, past.openMetrics())
	postgres := startPostgres(t, past.sql.String())
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
	// At the end of the hour the spike is over. Its maximum is one refused login per
	// minute.
	spike := prom.rows(t, "max_over_time(("+documented["When were logins refused, by the minute?"]["promql"]+")[1h:1m])")
	require.Len(t, spike, 1)
	require.InDelta(t, 1, spike[0]["value"], 0.3)
}

// rows returns the result of an InfluxQL query, including tags.
func (db *influxDB) rows(t *testing.T, query string) []map[string]any {
	t.Helper()
	var rows []map[string]any
	for _, series := range db.query(t, query) {
		rows = append(rows, series.rows()...)
	}
	return rows
}

// numbers returns the result of a Flux query, with computed columns as numbers.
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

// rows returns the result of an instant query.
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

// startPrometheusWith starts a server with past samples in OpenMetrics format.
func startPrometheusWith(t *testing.T, metrics string) *prometheus {
	t.Helper()
	place := e2e.PlaceFor(t, "prometheus")
	input := place.WriteFile(t, "metrics.txt", metrics)
	output, err := exec.CommandContext(t.Context(), "promtool", "tsdb", "create-blocks-from", "openmetrics", input, place.File("data")).CombinedOutput()
	require.NoError(t, err, "%s", output)
	return runPrometheus(t, place, "global: {}\n")
}
