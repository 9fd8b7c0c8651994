//go:build e2e

package monitoring

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// TestChanges_StartTLSLost removes STARTTLS from a relay whose certificate is not
// verified, and checks the alerts and the dashboards.
func TestChanges_StartTLSLost(t *testing.T) {
	t.Parallel()
	authority := certs.NewAuthority("unknown to the prober")
	relay := startRelay(t, 25, smtptest.Script{TLS: certs.Server(authority.Issue(certs.For("relay.test")))})
	influx, flux := startInfluxDB(t), startFlux(t)
	agent := startAgent(t, "a", execdPlugin, fmt.Sprintf(`
[[inputs.smtpprobe]]
  helo = "a.test"
  timeout = "900ms"
  [[inputs.smtpprobe.relay]]
    name = "edge"
    url = "smtp://%s"
`, relay.address), influx, flux)
	manager := startAlertmanager(t)
	prometheus := startPrometheus(t, alerts.Prometheus(timing), manager.address, []string{agent.scrape})
	influx.awaitDatabase(t)
	sources := map[string]func(*testing.T) []alert{"InfluxQL": influx.firing, "Prometheus": prometheus.firing}
	await := func(want alert) {
		t.Helper()
		for name, firing := range sources {
			var got []alert
			for deadline := time.Now().Add(stepLimit); !slices.Contains(got, want); time.Sleep(pollPause) {
				require.True(t, time.Now().Before(deadline), "%s: %s is not among %v", name, want, got)
				got = firing(t)
			}
		}
	}
	await("SMTPTLSNotVerified edge")
	requireTypes(t, "http://"+agent.scrape+"/metrics")

	relay.set(behavior{smtptest.AtEHLO: smtptest.Say("250-relay.test", "250 PIPELINING")})

	await("SMTPCapabilityLost edge")
	query := map[string]func(*testing.T, dashboards.Query, time.Time, ...string) panel{
		"influxql": influx.influxQL, "flux": flux.flux, "prometheus": prometheus.promQL,
	}
	since := time.Now().Add(-time.Minute)
	for _, source := range dashboards.Sources() {
		var table strings.Builder
		for _, q := range source.Queries[dashboards.Changes] {
			fmt.Fprint(&table, query[source.Key](t, q, since).rows)
		}
		require.Contains(t, table.String(), "STARTTLS", source.Key)
	}
	for _, source := range []struct {
		key         string
		annotations dashboards.Query
	}{
		{key: "influxql", annotations: dashboards.Query{Text: dashboards.InfluxQL().Changes.Target["query"].(string), Table: true}},
		{key: "flux", annotations: dashboards.Query{Text: dashboards.Flux().Changes.Target["query"].(string), Table: true}},
		{key: "prometheus", annotations: dashboards.Query{Text: dashboards.Prometheus().Changes.Expr}},
	} {
		require.NotEmpty(t, query[source.key](t, source.annotations, since).rows, source.key)
	}
}

// requireTypes fails the test unless each exposed metric is a gauge, or a counter
// if its name ends with _total.
func requireTypes(t *testing.T, address string) {
	t.Helper()
	status, body := request(t, http.MethodGet, address, "", "")
	require.Equal(t, http.StatusOK, status)
	seen := 0
	for line := range strings.Lines(string(body)) {
		text, found := strings.CutPrefix(strings.TrimSpace(line), "# TYPE ")
		if !found {
			continue
		}
		name, kind, _ := strings.Cut(text, " ")
		want := "gauge"
		if strings.HasSuffix(name, "_total") && name != "smtpprobe_group_total" {
			want = "counter"
		}
		require.Equal(t, want, kind, name)
		seen++
	}
	require.Greater(t, seen, 10)
}
