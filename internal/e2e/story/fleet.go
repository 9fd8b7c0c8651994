//go:build e2e

package story

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// fleet is an agent with a hundred relays, which go through the story in four
// quarters, and two databases of theirs: one with the tags of the outcome, one
// without.
type fleet struct {
	agent    *e2e.Program
	quarters []*actor
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
		f.quarters = append(f.quarters, newActor(t, 25, smtptest.Script{}))
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
	program, input := byExecd(t, place, settings.String())
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

// follow: the first quarter is always well, the second has one incident, the
// third two, and the fourth one in every stage.
func (f *fleet) follow(stage int) {
	incidents := [][]behaviour{
		1: {2: refusesMail},
		2: {2: refusesAll, 4: shuns},
		3: {1: refusesAll, 2: refusesMail, 3: slow, 4: shuns, 5: refusesAll, 7: refusesMail},
	}
	for i, quarter := range f.quarters {
		quarter.behaves(nil)
		if i < len(incidents) && stage < len(incidents[i]) {
			quarter.behaves(incidents[i][stage])
		}
	}
}

// measure prints what docs/fleet.md has in its tables.
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
	require.InDelta(t, fleetSize, untagged, 0, "without the tags of the outcome a relay is one series")
	require.Greater(t, tagged, untagged)
}

// scraped prints how many series a relay is in Prometheus.
func (p *prometheus) scraped(t *testing.T) {
	t.Helper()
	for _, series := range p.query(t, `count by (relay, probe) ({__name__=~"smtpprobe_.+", host="a"})`) {
		if series.Metric["relay"] != "" {
			t.Logf("cardinality in Prometheus: relay %s, probe %s: %.0f series from one agent",
				series.Metric["relay"], series.Metric["probe"], number(t, series.Value))
		}
	}
}

// single is the only value of an answer.
func single(t *testing.T, tables []table) float64 {
	t.Helper()
	require.NotEmpty(t, tables)
	row := tables[0].Values[0]
	value, ok := row[len(row)-1].(float64)
	require.True(t, ok, row)
	return value
}
