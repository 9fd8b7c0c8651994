//go:build e2e

package monitoring

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
)

// variables checks the values of the dashboards' variables.
func (s *scenario) variables(t *testing.T) {
	t.Helper()
	want := map[string][]string{
		"relay": {"login", "mx1", "mx2", "closed"}, "probe": {"auth", "rcpt"}, "agent": {"a", "b"},
	}
	for _, v := range dashboards.InfluxQL().Variables {
		rows := s.influx.query(t, v.Definition)[0].Values
		found := make([]string, 0, len(rows))
		for _, row := range rows {
			found = append(found, row[1].(string))
		}
		require.ElementsMatch(t, want[v.Name], found, "InfluxQL %s", v.Name)
	}
	for _, v := range dashboards.Flux().Variables {
		rows := s.flux.flux(t, dashboards.Query{Text: v.Definition, Table: true}, time.Now()).rows
		found := make([]string, 0, len(rows))
		for _, row := range rows {
			found = append(found, row["_value"].(string))
		}
		require.ElementsMatch(t, want[v.Name], found, "Flux %s", v.Name)
	}
}
