//go:build e2e

package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

const urlName = "smtp://mx.example.org:2525"

// write creates the database and writes line protocol.
func (db *influxDB) write(t *testing.T, lines string) {
	t.Helper()
	db.query(t, "CREATE DATABASE "+database)
	status, body := request(t, http.MethodPost, db.url+"/write?"+url.Values{"db": {database}}.Encode(), "text/plain", lines)
	require.Equal(t, http.StatusNoContent, status, "%s", body)
}

// fourRelays returns points of relays whose names match each other as regular
// expressions.
func fourRelays() string {
	var lines strings.Builder
	for i, relay := range []string{"a", "b", "ab", urlName} {
		fmt.Fprintf(&lines, "smtpprobe,relay=%s,source=s,host=fra1,probe=rcpt success=1i,result_code=0i,total_time=0.%d,consecutive_failures=0i,seconds_since_success=0i,cert_expiry=7776000i %d\n",
			relay, i+1, time.Now().Add(-time.Second).UnixNano())
	}
	return lines.String()
}

func TestVariables(t *testing.T) {
	t.Parallel()
	influx, flux := startInfluxDB(t), startFlux(t)
	influx.write(t, fourRelays())
	flux.write(t, fourRelays())
	for _, tt := range []struct {
		name         string
		relays, want []string
	}{
		{name: "All", want: []string{"a", "b", "ab", urlName}},
		{name: "one relay", relays: []string{"a"}, want: []string{"a"}},
		{name: "two relays", relays: []string{"a", "b"}, want: []string{"a", "b"}},
		{name: "a URL", relays: []string{urlName}, want: []string{urlName}},
		{name: "a URL and another", relays: []string{urlName, "ab"}, want: []string{urlName, "ab"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for source, query := range map[string]func(*testing.T, dashboards.Query, time.Time, ...string) panel{"influxql": influx.influxQL, "flux": flux.flux} {
				for _, s := range dashboards.Sources() {
					if s.Key != source {
						continue
					}
					content := query(t, s.Queries[dashboards.Availability][0], time.Now().Add(-time.Minute), tt.relays...)
					names := make([]string, 0, len(content.series))
					for name := range content.series {
						names = append(names, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(name), "fra1 s")))
					}
					require.ElementsMatch(t, tt.want, names, source)
				}
			}
		})
	}
}

// frame is a data frame of Grafana, as JSON.
type frame struct {
	Fields []field `json:"fields"`
}

type field struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels,omitempty"`
	Values []any             `json:"values"`
}

// frames returns the data frames that Grafana's data source makes of a response: a
// series with labels if there are _time and _value, otherwise a field per column.
func frames(rows []map[string]any) []frame {
	frames := make([]frame, 0, len(rows))
	for _, row := range rows {
		_, hasTime := row["_time"]
		_, hasValue := row["_value"]
		f := frame{}
		labels := make(map[string]string)
		for name, value := range row {
			switch {
			case name == "" || name == "result" || name == "table" || name == "_start" || name == "_stop" || name == "_time":
			case hasTime && hasValue && name != "_value":
				labels[name] = fmt.Sprint(value)
			default:
				f.Fields = append(f.Fields, field{Name: name, Type: "number", Values: []any{1}})
			}
		}
		if hasTime {
			f.Fields = append(f.Fields, field{Name: "Time", Type: "time", Values: []any{1}})
		}
		for i := range f.Fields {
			if f.Fields[i].Name == "_value" {
				f.Fields[i].Labels = labels
			}
		}
		frames = append(frames, f)
	}
	return frames
}

// TestFlux_NamesInGrafana passes responses of InfluxDB to Grafana's library from
// npm, and compares the names that it gives to the series.
func TestFlux_NamesInGrafana(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: the names of the series in Grafana are not tested", program)
		}
	}
	library := grafanaLibrary(t)
	db := startFlux(t)
	db.write(t, fourRelays())
	perRelay := []string{"a fra1 s", "b fra1 s", "ab fra1 s", urlName + " fra1 s"}
	want := map[dashboards.View][]string{
		dashboards.State: perRelay, dashboards.Total: perRelay, dashboards.Availability: perRelay, dashboards.AvailabilityTrend: perRelay,
		dashboards.SinceSuccess: perRelay, dashboards.Consecutive: perRelay, dashboards.Certificates: perRelay,
		dashboards.Percentiles: {"median", "p95", "p99"},
	}
	for view, names := range want {
		var rows []map[string]any
		for _, q := range dashboards.Flux().Queries[view] {
			rows = append(rows, db.flux(t, dashboards.Query{Text: q.Text, Table: true}, time.Now().Add(-time.Minute)).rows...)
		}
		input, err := json.Marshal(frames(rows))
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), "node", filepath.Join(library, "names.cjs"))
		cmd.Stdin = bytes.NewReader(input)
		output, err := cmd.Output()
		require.NoError(t, err, "%s", view)
		var displayed []string
		require.NoError(t, json.Unmarshal(output, &displayed))
		distinct := make(map[string]bool)
		for _, name := range displayed {
			distinct[name] = true
		}
		var found []string
		for name := range distinct {
			found = append(found, name)
		}
		require.ElementsMatch(t, names, found, "%s", view)
	}
}

// grafanaLibrary installs Grafana's library in bin and returns its directory.
func grafanaLibrary(t *testing.T) string {
	t.Helper()
	from, to := filepath.Join("testdata", "grafana"), filepath.Join(e2e.Root(t), "bin", ".grafana-data")
	require.NoError(t, os.MkdirAll(to, 0o750))
	for _, name := range []string{"package.json", "names.cjs"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, name), text, 0o640))
	}
	cmd := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", "--prefer-offline")
	cmd.Dir = to
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the names of the series in Grafana are not tested: installing @grafana/data: %v\n%s", err, output)
	}
	return to
}
