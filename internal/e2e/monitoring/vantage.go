//go:build e2e

package monitoring

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// documented returns the query of docs/fleet.md that follows a comment.
func documented(t *testing.T, comment string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e2e.Root(t), "docs", "fleet.md"))
	require.NoError(t, err)
	_, block, found := strings.Cut(string(text), "<!-- "+comment+" -->\n```")
	require.True(t, found, comment)
	_, block, _ = strings.Cut(block, "\n")
	block, _, found = strings.Cut(block, "```")
	require.True(t, found, comment)
	// The last five probes instead of ten, so that the previous step has no effect.
	return strings.ReplaceAll(block, "10m", "5s")
}

// vantagePoints runs the queries of docs/fleet.md that compare vantage points. It
// expects failures of the relays here, each with a vantage point, and of the relays
// everywhere.
func (s *scenario) vantagePoints(t *testing.T, here, everywhere []string) {
	t.Helper()
	var failing []string
	partly := make([]string, 0, len(here))
	for _, relay := range here {
		partly = append(partly, strings.Fields(relay)[0])
	}
	for _, series := range s.influx.query(t, documented(t, "here, InfluxQL")) {
		require.Equal(t, []string{"time", "works", "class", "error"}, series.Columns)
		if series.Values[0][1] == 0.0 {
			failing = append(failing, series.Tags["relay"]+" "+series.Tags["vantage"])
		}
	}
	if everywhere == nil {
		require.ElementsMatch(t, here, failing)
	}
	require.ElementsMatch(t, partly, s.influxNames(t, "partly, InfluxQL"))
	require.ElementsMatch(t, everywhere, s.influxNames(t, "everywhere, InfluxQL"))
	require.ElementsMatch(t, here, s.promNames(t, "here, PromQL"))
	require.ElementsMatch(t, everywhere, s.promNames(t, "everywhere, PromQL"))
}

func (s *scenario) influxNames(t *testing.T, comment string) []string {
	t.Helper()
	found := s.influx.query(t, documented(t, comment))
	names := make([]string, 0, len(found))
	for _, series := range found {
		names = append(names, series.Tags["relay"])
	}
	return names
}

func (s *scenario) promNames(t *testing.T, comment string) []string {
	t.Helper()
	found := s.prometheus.query(t, documented(t, comment))
	names := make([]string, 0, len(found))
	for _, series := range found {
		names = append(names, strings.TrimSpace(series.Metric["relay"]+" "+series.Metric["vantage"]))
	}
	slices.Sort(names)
	return names
}
