//go:build e2e

package story

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

// story is everything that runs.
type story struct {
	t     *testing.T
	began time.Time

	login            *loginRelay
	mx1, mx2, closed *actor
	a, b             *agent

	influx, flux *influxDB
	prometheus   *prometheus
	alertmanager *alertmanager
}

func begin(t *testing.T) *story {
	t.Helper()
	ca := certs.NewAuthority("story")
	s := &story{
		t: t, flux: startFlux(t), influx: startInfluxDB(t), login: newLogin(t, ca),
		mx1: newActor(t, 25, smtptest.Script{}), mx2: newActor(t, 25, smtptest.Script{}), closed: newActor(t, 25, smtptest.Script{}),
	}
	s.closed.behaves(refusesAll)
	caFile := e2e.PlaceFor(t, "ca").File("ca.pem")
	require.NoError(t, ca.WriteFile(caFile))
	settings := func(helo string) string {
		return fmt.Sprintf(storyConfig, helo, s.login.address, caFile, s.mx1.address, s.mx2.address, s.closed.address)
	}
	s.a = startAgent(t, "a", byExecd, settings("a.test"), s.influx, s.flux)
	s.b = startAgent(t, "b", linkedIn, settings("b.test"), s.influx, s.flux)
	s.alertmanager = startAlertmanager(t)
	s.prometheus = startPrometheus(t, alerts.Prometheus(timing), s.alertmanager.address, []string{s.a.scrape, s.b.scrape})
	s.influx.Await(t, "has the database", func() bool { return len(s.influx.query(t, "SHOW DATABASES")[0].Values) > 0 })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("agent: %s\nInfluxDB: %s\nFlux: %s\nPrometheus: %s\nAlertmanager: %s",
				s.a.Said(), s.influx.Said(), s.flux.Said(), s.prometheus.Said(), s.alertmanager.Said())
		}
	})
	s.began = time.Now()
	return s
}

// play goes through one part of the story.
func (s *story) play(t *testing.T, part stage) {
	t.Helper()
	start := time.Now()
	part.act()
	for name, firing := range map[string]func(*testing.T) []fired{
		"InfluxQL": s.influx.firing, "Prometheus": s.prometheus.firing,
	} {
		awaitFiring(t, part.name+": "+name, firing, part.fires, start.Add(settle))
	}
	awaitFiring(t, part.name+": Alertmanager", s.alertmanager.notifies, part.notifies(), start.Add(settle))
	t.Logf("%5.1f s %s: %v", time.Since(s.began).Seconds(), part.name, part.fires)
	for _, source := range dashboards.Sources() {
		for view, queries := range source.Queries {
			t.Run(strings.Join([]string{part.name, source.Key, string(view)}, "/"), func(t *testing.T) {
				s.show(t, source.Key, queries, part.shows[view])
			})
		}
	}
	if part.also != nil {
		part.also(t)
	}
}

// show asks a view until it shows what it should; without an expectation it
// only has to answer. On a busy machine what the relays do comes late.
func (s *story) show(t *testing.T, source string, queries []dashboards.Query, expect expectation) {
	t.Helper()
	for deadline := time.Now().Add(stageLimit); ; time.Sleep(pollPause) {
		shown := s.ask(t, source, queries, time.Now().Add(-recent))
		switch {
		case expect == nil || expect.met(shown):
			return
		case time.Now().After(deadline):
			expect(t, shown)
			return
		}
	}
}

// recent is the time that views are asked for: that of a few probes.
const recent = 3 * time.Second

// ask asks all queries of a view.
func (s *story) ask(t *testing.T, source string, queries []dashboards.Query, since time.Time) answer {
	t.Helper()
	ask := map[string]func(*testing.T, dashboards.Query, time.Time, ...string) answer{
		"influxql": s.influx.influxQL, "flux": s.flux.flux, "prometheus": s.prometheus.promQL,
	}[source]
	require.NotNil(t, ask, source)
	shown := newAnswer()
	for _, q := range queries {
		one := ask(t, q, since)
		for name, values := range one.series {
			shown.series[name] = append(shown.series[name], values...)
		}
		shown.rows = append(shown.rows, one.rows...)
	}
	return shown
}

// availability and budget begin the names of the alerts whose windows are a
// minute or longer: too long for the story to see them end. The first is looked
// at where it begins, the others by TestAlerts_WrittenPoints.
const (
	availability = "SMTPAvailabilityLow"
	budget       = "SMTPErrorBudget"
)

func isLong(f fired) bool {
	return strings.HasPrefix(string(f), availability) || strings.HasPrefix(string(f), budget)
}

// awaitFiring waits until exactly these alerts fire.
func awaitFiring(t *testing.T, who string, firing func(*testing.T) []fired, want []fired, notBefore time.Time) {
	t.Helper()
	want = distinct(slices.Clone(want))
	var got []fired
	for deadline := time.Now().Add(stageLimit); time.Now().Before(deadline); time.Sleep(pollPause) {
		got = slices.DeleteFunc(firing(t), isLong)
		if slices.Equal(got, want) && time.Now().After(notBefore) {
			return
		}
	}
	require.Equal(t, want, got, who)
}

const pollPause = 100 * time.Millisecond

// availabilityIsLow: of the relay that fails, and of no other.
func (s *story) availabilityIsLow(t *testing.T) {
	t.Helper()
	for name, firing := range map[string]func(*testing.T) []fired{
		"InfluxQL": s.influx.firing, "Prometheus": s.prometheus.firing,
	} {
		var low []fired
		for deadline := time.Now().Add(stageLimit); len(low) == 0 && time.Now().Before(deadline); time.Sleep(pollPause) {
			low = slices.DeleteFunc(firing(t), func(f fired) bool { return !strings.HasPrefix(string(f), availability) })
		}
		require.Equal(t, []fired{availability + " login"}, low, name)
	}
}

const storyConfig = `
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
