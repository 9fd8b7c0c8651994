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

// fired is an alert that fires: its name, the relay or group, and the agent if
// the alert is about one.
type fired string

func newFired(name string, labels map[string]string) fired {
	parts := []string{name}
	for _, label := range []string{"relay", "group", "host"} {
		if labels[label] != "" {
			parts = append(parts, labels[label])
		}
	}
	return fired(strings.Join(parts, " "))
}

// firedByID reads an alert's id in Kapacitor.
func firedByID(id string) fired {
	values := strings.Split(id, " ")
	labels := make(map[string]string)
	for _, a := range alerts.All(timing) {
		if a.Name == values[0] {
			for i, tag := range a.By {
				labels[tag] = values[i+1]
			}
		}
	}
	return newFired(values[0], labels)
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
		for _, v := range a.Variants(timing) {
			for _, series := range db.query(t, strings.ReplaceAll(v.Query, "$timeFilter", between(now.Add(-a.Range(timing)), now))) {
				require.Len(t, series.Values, 1, "%s has one value for each series", a.Name)
				if value, ok := series.Values[0][1].(float64); ok && a.Fires(value) {
					found = append(found, newFired(a.Name, series.Tags))
				}
			}
		}
	}
	return distinct(found)
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
