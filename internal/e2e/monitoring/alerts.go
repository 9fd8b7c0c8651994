//go:build e2e

package monitoring

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
)

// alert is a firing alert: its name, followed by the labels that it has of relay,
// group, mailbox, fault and host.
type alert string

func newAlert(name string, labels map[string]string) alert {
	parts := []string{name}
	for _, label := range []string{"relay", "group", "mailbox", "fault", "host"} {
		if labels[label] != "" {
			parts = append(parts, labels[label])
		}
	}
	return alert(strings.Join(parts, " "))
}

// distinct sorts alerts and removes duplicates.
func distinct(found []alert) []alert {
	slices.Sort(found)
	return slices.Compact(found)
}

// firing returns the firing alerts. Like Grafana, it runs the query of each alert
// and compares the values with the threshold.
func (db *influxDB) firing(t *testing.T) []alert {
	t.Helper()
	var found []alert
	now := time.Now()
	for _, a := range alerts.All(timing) {
		if a.Burn != nil {
			found = append(found, db.burning(t, a, now)...)
			continue
		}
		for _, q := range a.InfluxQL {
			for labels, value := range db.values(t, timing.Scaled(q.Query), now.Add(-timing.Interval*time.Duration(q.Over)), now) {
				if a.Fires(q, value) {
					found = append(found, newAlert(a.Name, labels.tags()))
				}
			}
		}
	}
	return distinct(found)
}

// burning returns the firing alerts of an error budget, whose condition has four
// queries.
func (db *influxDB) burning(t *testing.T, a alerts.Alert, now time.Time) []alert {
	t.Helper()
	var found []alert
	var counts [4]map[labelSet]float64
	for i, q := range a.Burn.InfluxQL(timing) {
		counts[i] = db.values(t, q.Query, now.Add(-q.Window), now)
	}
	for labels, failed := range counts[0] {
		all := labelSet{relay: labels.relay}
		if a.Burn.Fires(timing, failed, counts[1][all], counts[2][labels], counts[3][all]) {
			found = append(found, newAlert(a.Name, labels.tags()))
		}
	}
	return found
}

// labelSet is the tags that alerts are grouped by.
type labelSet struct{ relay, source, ip, host, group, mailbox, fault string }

func (l labelSet) tags() map[string]string {
	return map[string]string{"relay": l.relay, "group": l.group, "mailbox": l.mailbox, "fault": l.fault, "host": l.host}
}

// values returns the value of each series that a query finds.
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

// slowPhases returns the phases for which SMTPPhaseSlow fires.
func (p *prometheus) slowPhases(t *testing.T, relay string) []string {
	t.Helper()
	found := p.query(t, `count by (phase) (ALERTS{alertname="SMTPPhaseSlow", alertstate="firing", relay="`+relay+`"})`)
	phases := make([]string, 0, len(found))
	for _, series := range found {
		phases = append(phases, series.Metric["phase"])
	}
	return phases
}
