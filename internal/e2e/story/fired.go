//go:build e2e

package story

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
)

// fired is an alert that fires: its name, the relay, group or mailbox, and the
// agent if the alert is about one.
type fired string

func newFired(name string, labels map[string]string) fired {
	parts := []string{name}
	for _, label := range []string{"relay", "group", "mailbox", "fault", "host"} {
		if labels[label] != "" {
			parts = append(parts, labels[label])
		}
	}
	return fired(strings.Join(parts, " "))
}

func distinct(found []fired) []fired {
	slices.Sort(found)
	return slices.Compact(found)
}

// firing asks InfluxDB each alert's query, as Grafana does, and compares what
// it finds with the threshold.
func (db *influxDB) firing(t *testing.T) []fired {
	t.Helper()
	var found []fired
	now := time.Now()
	for _, a := range alerts.All(timing) {
		if a.Burn != nil {
			found = append(found, db.burning(t, a, now)...)
			continue
		}
		for _, q := range a.InfluxQL {
			for labels, value := range db.values(t, timing.Scaled(q.Query), now.Add(-timing.Interval*time.Duration(q.Over)), now) {
				if a.Fires(q, value) {
					found = append(found, newFired(a.Name, labels.tags()))
				}
			}
		}
	}
	return distinct(found)
}

// burning compares the quotients of an error budget's four queries.
func (db *influxDB) burning(t *testing.T, a alerts.Alert, now time.Time) []fired {
	t.Helper()
	var found []fired
	var counts [4]map[labelSet]float64
	for i, q := range a.Burn.InfluxQL(timing) {
		counts[i] = db.values(t, q.Query, now.Add(-q.Window), now)
	}
	for labels, failed := range counts[0] {
		all := labelSet{relay: labels.relay}
		if a.Burn.Fires(timing, failed, counts[1][all], counts[2][labels], counts[3][all]) {
			found = append(found, newFired(a.Name, labels.tags()))
		}
	}
	return found
}

// labelSet are the tags that alerts are by.
type labelSet struct{ relay, source, ip, host, group, mailbox, fault string }

func (l labelSet) tags() map[string]string {
	return map[string]string{"relay": l.relay, "group": l.group, "mailbox": l.mailbox, "fault": l.fault, "host": l.host}
}

// values are what a query finds, one for each series.
func (db *influxDB) values(t *testing.T, query string, since, until time.Time) map[labelSet]float64 {
	t.Helper()
	values := make(map[labelSet]float64)
	for _, series := range db.query(t, strings.ReplaceAll(query, "$timeFilter", between(since, until))) {
		require.Len(t, series.Values, 1, "one value for each series: %s", query)
		if value, ok := series.Values[0][1].(float64); ok {
			tag := series.Tags
			values[labelSet{tag["relay"], tag["source"], tag["ip"], tag["host"], tag["group"], tag["mailbox"], tag["fault"]}] = value
		}
	}
	return values
}

// slowPhases are the phases that the alert of slow ones names, in Prometheus.
func (p *prometheus) slowPhases(t *testing.T, relay string) []string {
	t.Helper()
	found := p.query(t, `count by (phase) (ALERTS{alertname="SMTPPhaseSlow", alertstate="firing", relay="`+relay+`"})`)
	phases := make([]string, 0, len(found))
	for _, series := range found {
		phases = append(phases, series.Metric["phase"])
	}
	return phases
}
