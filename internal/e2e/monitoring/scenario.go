//go:build e2e

package monitoring

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// scenario is the running relays, agents and databases.
type scenario struct {
	t     *testing.T
	start time.Time

	login            *loginRelay
	mx1, mx2, closed *relay
	a, b             *agent

	influx, flux *influxDB
	prometheus   *prometheus
	alertmanager *alertmanager
}

func startScenario(t *testing.T) *scenario {
	t.Helper()
	ca := certs.NewAuthority("e2e")
	s := &scenario{
		t: t, flux: startFlux(t), influx: startInfluxDB(t), login: startLoginRelay(t, ca),
		mx1: startRelay(t, 25, smtptest.Script{}), mx2: startRelay(t, 25, smtptest.Script{}), closed: startRelay(t, 25, smtptest.Script{}),
	}
	s.closed.set(refusesAll)
	caFile := e2e.PlaceFor(t, "ca").File("ca.pem")
	require.NoError(t, ca.WriteFile(caFile))
	settings := func(helo string) string {
		return fmt.Sprintf(pluginConfig, helo, s.login.address, caFile, s.mx1.address, s.mx2.address, s.closed.address)
	}
	s.a = startAgent(t, "a", execdPlugin, settings("a.test"), s.influx, s.flux)
	s.b = startAgent(t, "b", linkedPlugin, settings("b.test"), s.influx, s.flux)
	s.alertmanager = startAlertmanager(t)
	s.prometheus = startPrometheus(t, alerts.Prometheus(timing), s.alertmanager.address, []string{s.a.scrape, s.b.scrape})
	s.influx.awaitDatabase(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("agent: %s\nInfluxDB: %s\nFlux: %s\nPrometheus: %s\nAlertmanager: %s",
				s.a.Output(), s.influx.Output(), s.flux.Output(), s.prometheus.Output(), s.alertmanager.Output())
		}
	})
	s.start = time.Now()
	return s
}

// run applies a step and compares the alerts and the panels.
func (s *scenario) run(t *testing.T, st step) {
	t.Helper()
	start := time.Now()
	st.change()
	for name, firing := range map[string]func(*testing.T) []alert{
		"InfluxQL": s.influx.firing, "Prometheus": s.prometheus.firing,
	} {
		awaitFiring(t, st.name+": "+name, firing, st.fires, start.Add(settle))
	}
	awaitFiring(t, st.name+": Alertmanager", s.alertmanager.notifying, st.notifying(), start.Add(settle))
	t.Logf("%5.1f s %s: %v", time.Since(s.start).Seconds(), st.name, st.fires)
	for _, source := range dashboards.Sources() {
		for view, queries := range source.Queries {
			t.Run(strings.Join([]string{st.name, source.Key, string(view)}, "/"), func(t *testing.T) {
				s.compare(t, source.Key, queries, st.shows[view])
			})
		}
	}
	if st.check != nil {
		st.check(t)
	}
}

// compare runs the queries of a view until the panel matches the expectation. If
// there is none, the queries only have to succeed.
func (s *scenario) compare(t *testing.T, source string, queries []dashboards.Query, expect expectation) {
	t.Helper()
	for deadline := time.Now().Add(stepLimit); ; time.Sleep(pollPause) {
		content := s.query(t, source, queries, time.Now().Add(-recent))
		switch {
		case expect == nil || expect.matches(content):
			return
		case time.Now().After(deadline):
			expect(t, content)
			return
		}
	}
}

// recent is the time range of the views, a few probes.
const recent = 3 * time.Second

// query runs all queries of a view.
func (s *scenario) query(t *testing.T, source string, queries []dashboards.Query, since time.Time) panel {
	t.Helper()
	query := map[string]func(*testing.T, dashboards.Query, time.Time, ...string) panel{
		"influxql": s.influx.influxQL, "flux": s.flux.flux, "prometheus": s.prometheus.promQL,
	}[source]
	require.NotNil(t, query, source)
	content := newPanel()
	for _, q := range queries {
		one := query(t, q, since)
		for name, values := range one.series {
			content.series[name] = append(content.series[name], values...)
		}
		content.rows = append(content.rows, one.rows...)
	}
	return content
}

// The prefixes of the alerts with windows of a minute or longer, which would not
// resolve during a step. The first is tested by availabilityIsLow, the other by
// TestAlerts_WrittenPoints.
const (
	availability = "SMTPAvailabilityLow"
	budget       = "SMTPErrorBudget"
)

func isLong(f alert) bool {
	return strings.HasPrefix(string(f), availability) || strings.HasPrefix(string(f), budget)
}

// awaitFiring waits until exactly these alerts fire.
func awaitFiring(t *testing.T, source string, firing func(*testing.T) []alert, want []alert, notBefore time.Time) {
	t.Helper()
	want = distinct(slices.Clone(want))
	var got []alert
	for deadline := time.Now().Add(stepLimit); time.Now().Before(deadline); time.Sleep(pollPause) {
		got = slices.DeleteFunc(firing(t), isLong)
		if slices.Equal(got, want) && time.Now().After(notBefore) {
			return
		}
	}
	require.Equal(t, want, got, source)
}

const pollPause = 100 * time.Millisecond

// availabilityIsLow waits until the alert fires for the failing relay, and for no
// other.
func (s *scenario) availabilityIsLow(t *testing.T) {
	t.Helper()
	for name, firing := range map[string]func(*testing.T) []alert{
		"InfluxQL": s.influx.firing, "Prometheus": s.prometheus.firing,
	} {
		var low []alert
		for deadline := time.Now().Add(stepLimit); len(low) == 0 && time.Now().Before(deadline); time.Sleep(pollPause) {
			low = slices.DeleteFunc(firing(t), func(f alert) bool { return !strings.HasPrefix(string(f), availability) })
		}
		require.Equal(t, []alert{availability + " login"}, low, name)
	}
}

const pluginConfig = `
[[inputs.smtpprobe]]
  helo = %q
  timeout = "900ms"
  probe = "rcpt"
  from = "probe@example.org"
  to = ["postmaster@example.com"]
  [[inputs.smtpprobe.relay]]
    name = "login"
    url = "submission://%s"
    probe = "auth"
    username = "probe"
    password = "correct"
    tls_ca = %q
    tls_server_name = "login.test"
  [[inputs.smtpprobe.relay]]
    name = "mx1"
    url = "smtp://%s"
  [[inputs.smtpprobe.relay]]
    name = "mx2"
    url = "smtp://%s"
  [[inputs.smtpprobe.relay]]
    name = "closed"
    url = "smtp://%s"
    expect = ["recipients_refused"]
  [[inputs.smtpprobe.group]]
    name = "outbound"
    relays = ["mx2", "mx1"]
  [[inputs.smtpprobe.group]]
    name = "single"
    relays = ["mx2"]
`
