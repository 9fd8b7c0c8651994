//go:build e2e

package monitoring

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// fleet is an agent that probes a hundred relays, and writes to two databases:
// one with the tags of the outcome, one without.
type fleet struct {
	agent    *e2e.Program
	quarters []*relay // each serves a quarter of the relays
}

const (
	fleetSize     = 100
	fleetTagged   = "fleet"
	fleetUntagged = "fleet_stable"
)

func startFleet(t *testing.T, db *influxDB) *fleet {
	t.Helper()
	f := &fleet{}
	for range 4 {
		f.quarters = append(f.quarters, startRelay(t, 25, smtptest.Script{}))
	}
	var settings strings.Builder
	settings.WriteString(`
[[inputs.smtpprobe]]
  helo = "fleet.test"
  timeout = "1900ms"
  probe = "rcpt"
  to = ["postmaster@example.com"]
`)
	for i := range fleetSize {
		fmt.Fprintf(&settings, "[[inputs.smtpprobe.relay]]\nname = \"relay-%03d\"\nurl = \"smtp://%s\"\n", i+1, f.quarters[i%len(f.quarters)].address)
	}
	place := e2e.PlaceFor(t, "fleet")
	program, input := execdPlugin(t, place, settings.String())
	config := agentSection("fleet", "2s") + input + fmt.Sprintf(`
[[outputs.influxdb]]
  urls = [%[1]q]
  database = %[2]q
[[outputs.influxdb]]
  urls = [%[1]q]
  database = %[3]q
  tagexclude = ["error_class", "reason", "reply_code", "phase", "fault"]
`, db.url, fleetTagged, fleetUntagged)
	f.agent = e2e.StartProgram(t, place, "telegraf", program, "--config", place.WriteFile(t, "telegraf.conf", config))
	return f
}

// apply changes the behaviors for a step of the scenario. The first quarter is
// always healthy, the second has one incident, the third has two, and the fourth
// has one in most steps.
func (f *fleet) apply(step int) {
	incidents := [][]behavior{
		1: {2: refusesMail},
		2: {2: refusesAll, 4: disconnects},
		3: {1: refusesAll, 2: refusesMail, 3: slow, 4: disconnects, 5: refusesAll, 7: refusesMail},
	}
	for i, quarter := range f.quarters {
		quarter.set(nil)
		if i < len(incidents) && step < len(incidents[i]) {
			quarter.set(incidents[i][step])
		}
	}
}

// measure stops the agent and logs the numbers for the tables in docs/fleet.md.
func (f *fleet) measure(t *testing.T, db *influxDB) {
	t.Helper()
	f.agent.Stop(t)
	var tagged, untagged float64
	for _, database := range []struct {
		name   string
		series *float64
	}{{fleetTagged, &tagged}, {fleetUntagged, &untagged}} {
		estimate := single(t, db.query(t, "SHOW SERIES CARDINALITY ON "+database.name))
		*database.series = single(t, db.query(t, "SHOW SERIES EXACT CARDINALITY ON "+database.name))
		points := single(t, db.query(t, `SELECT sum("n") FROM (SELECT count("success") AS "n" FROM "`+database.name+`"."autogen"."smtpprobe")`))
		fields := db.query(t, `SHOW FIELD KEYS ON `+database.name+` FROM "smtpprobe"`)[0].Values
		t.Logf("cardinality of %s: %d relays, %.0f series (SHOW SERIES CARDINALITY estimates %.0f), %d fields, %.0f points",
			database.name, fleetSize, *database.series, estimate, len(fields), points)
	}
	require.InDelta(t, fleetSize, untagged, 0, "one series per relay without the tags of the outcome")
	require.Greater(t, tagged, untagged)
}

// measure logs how many series each relay has.
func (p *prometheus) measure(t *testing.T) {
	t.Helper()
	for _, series := range p.query(t, `count by (relay, probe) ({__name__=~"smtpprobe_.+", host="a"})`) {
		if series.Metric["relay"] != "" {
			t.Logf("cardinality in Prometheus: relay %s, probe %s: %.0f series from one agent",
				series.Metric["relay"], series.Metric["probe"], number(t, series.Value))
		}
	}
}

// single returns the last value of the first row.
func single(t *testing.T, tables []table) float64 {
	t.Helper()
	require.NotEmpty(t, tables)
	row := tables[0].Values[0]
	value, ok := row[len(row)-1].(float64)
	require.True(t, ok, row)
	return value
}
