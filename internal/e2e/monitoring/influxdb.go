//go:build e2e

package monitoring

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const database = "telegraf"

// influxDB is an InfluxDB 1 server.
type influxDB struct {
	*e2e.Program
	command []string
	url     string
}

// startInfluxDB starts Debian's InfluxDB, which supports InfluxQL.
func startInfluxDB(t *testing.T) *influxDB {
	t.Helper()
	path, err := exec.LookPath("influxd")
	require.NoError(t, err, "internal/e2e/install.sh installs it")
	return runInfluxDB(t, path, "")
}

// startFlux starts an InfluxDB that also supports Flux.
func startFlux(t *testing.T) *influxDB {
	t.Helper()
	return runInfluxDB(t, e2e.Built(t, "INFLUXD_FLUX_BIN", "influxd"), "flux-enabled = true")
}

func runInfluxDB(t *testing.T, path, settings string) *influxDB {
	t.Helper()
	place := e2e.PlaceFor(t, "influxdb")
	config := place.WriteFile(t, "influxdb.conf", fmt.Sprintf(`
reporting-disabled = true
bind-address = %q
[meta]
  dir = %q
[data]
  dir = %q
  wal-dir = %q
  index-version = "tsi1"
[http]
  bind-address = %q
  log-enabled = false
  %s
[monitor]
  store-enabled = false
[logging]
  level = "warn"
`, place.At(8088), place.File("meta"), place.File("data"), place.File("wal"), place.At(8086), settings))
	db := &influxDB{command: []string{path, "-config", config}, url: "http://" + place.At(8086)}
	db.start(t, place)
	return db
}

// restart starts the server again after Stop, with the same data.
func (db *influxDB) restart(t *testing.T) {
	t.Helper()
	db.start(t, db.Place)
}

func (db *influxDB) start(t *testing.T, place e2e.Place) {
	t.Helper()
	db.Program = e2e.StartProgram(t, place, "influxd", db.command...)
	db.Await(t, "it responds", func() bool { return up(t, db.url+"/ping") })
}

// awaitDatabase waits until an agent has created a database.
func (db *influxDB) awaitDatabase(t *testing.T) {
	t.Helper()
	db.Await(t, "there is a database", func() bool { return len(db.query(t, "SHOW DATABASES")[0].Values) > 0 })
}

// unreplaced matches a dashboard variable.
var unreplaced = regexp.MustCompile(`[$][a-z_{]`)

// table is one series of a response.
type table struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Values  [][]any
}

// rows returns the rows with tags and columns.
func (s *table) rows() []map[string]any {
	rows := make([]map[string]any, len(s.Values))
	for i, values := range s.Values {
		rows[i] = make(map[string]any)
		for tag, value := range s.Tags {
			rows[i][tag] = value
		}
		for j, column := range s.Columns {
			rows[i][column] = values[j]
		}
	}
	return rows
}

// query runs an InfluxQL query.
func (db *influxDB) query(t *testing.T, query string) []table {
	t.Helper()
	form := url.Values{"db": {database}, "q": {query}, "epoch": {"ms"}}.Encode()
	status, body := request(t, http.MethodPost, db.url+"/query", "application/x-www-form-urlencoded", form)
	require.Equal(t, http.StatusOK, status, "%s\n%s", query, body)
	var response struct {
		Results []struct {
			Error  string
			Series []table
		}
	}
	require.NoError(t, json.Unmarshal(body, &response))
	require.Len(t, response.Results, 1)
	require.Empty(t, response.Results[0].Error, query)
	return response.Results[0].Series
}

// between returns the time condition that Grafana inserts.
func between(since, until time.Time) string {
	return fmt.Sprintf("time >= %dms AND time <= %dms", since.UnixMilli(), until.UnixMilli())
}

// special matches the characters that Grafana's format "regex" escapes.
var special = regexp.MustCompile(`[\\^$*+?.()|[\]{}/]`)

// regexVariable returns the value that Grafana inserts for ${relay:regex}: the
// value of All without names, a name, or a list.
func regexVariable(names []string) string {
	escaped := make([]string, 0, len(names))
	for _, name := range names {
		escaped = append(escaped, special.ReplaceAllString(name, `\$0`))
	}
	switch len(escaped) {
	case 0:
		return ".*"
	case 1:
		return escaped[0]
	default:
		return "(" + strings.Join(escaped, "|") + ")"
	}
}

// influxQL runs a dashboard's query with Grafana's variables, for some relays or,
// without any, for All.
func (db *influxDB) influxQL(t *testing.T, q dashboards.Query, since time.Time, relays ...string) panel {
	t.Helper()
	text := strings.NewReplacer("$timeFilter", between(since, time.Now()), "$__interval", "1s",
		"${relay:regex}", regexVariable(relays), "${probe:regex}", ".*", "${agent:regex}", ".*").Replace(q.Text)
	require.NotRegexp(t, unreplaced, text)
	content := newPanel()
	for _, series := range db.query(t, text) {
		content.rows = append(content.rows, series.rows()...)
		if q.Table {
			continue
		}
		for _, row := range series.Values {
			for i, column := range series.Columns {
				if column != "time" {
					content.add(influxLegend(q.Legend, series.Tags, column), row[i])
				}
			}
		}
	}
	return content
}

func influxLegend(legend string, tags map[string]string, column string) string {
	name := strings.ReplaceAll(legend, "$col", column)
	for tag, value := range tags {
		name = strings.ReplaceAll(name, "$tag_"+tag, value)
	}
	return name
}

// fluxMeta is the set of columns that are not values.
var fluxMeta = map[string]bool{"": true, "result": true, "table": true, "_time": true, "_start": true, "_stop": true,
	"relay": true, "host": true}

// flux runs a dashboard's query with Grafana's variables, for some relays or,
// without any, for All.
func (db *influxDB) flux(t *testing.T, q dashboards.Query, since time.Time, relays ...string) panel {
	t.Helper()
	text := strings.NewReplacer("v.defaultBucket", strconv.Quote(database+"/autogen"), "v.timeRangeStart", since.UTC().Format(time.RFC3339Nano),
		"v.timeRangeStop", time.Now().UTC().Format(time.RFC3339Nano), "v.windowPeriod", "1s", "${relay:regex}", regexVariable(relays), "${probe:regex}", ".*",
		"${agent:regex}", ".*").Replace(q.Text)
	require.NotRegexp(t, unreplaced, text)
	status, body := request(t, http.MethodPost, db.url+"/api/v2/query", "application/vnd.flux", text)
	require.Equal(t, http.StatusOK, status, "%s\n%s", text, body)
	content := newPanel()
	// Tables are separated by empty lines and begin with the names of the columns.
	for _, part := range strings.Split(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n\n") {
		reader := csv.NewReader(strings.NewReader(part))
		reader.Comment = '#' // annotations
		lines, err := reader.ReadAll()
		require.NoError(t, err, "%s\n%s", text, body)
		if len(lines) < 2 {
			continue
		}
		require.NotContains(t, lines[0], "reference", "an error, %s\n%s", text, body)
		for _, line := range lines[1:] {
			cells := make(map[string]any)
			for i, column := range lines[0] {
				cells[column] = line[i]
				if !q.Table && !fluxMeta[column] && line[i] != "" {
					value, err := strconv.ParseFloat(line[i], 64)
					require.NoError(t, err, "%s\n%s", text, body)
					content.add(column, value)
				}
			}
			content.rows = append(content.rows, cells)
		}
	}
	return content
}
