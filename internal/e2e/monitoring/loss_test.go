//go:build e2e

package monitoring

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// TestInfluxDB_Loss writes the metrics of a large fleet to a database that is down
// during one gather, and checks that there is a point for every probe. The settings
// are those of docs/fleet.md.
func TestInfluxDB_Loss(t *testing.T) {
	const (
		relays   = 5000
		interval = 6 * time.Second
		buffered = 5 * relays // five intervals; the outage lasts at least one
	)
	var sessions atomic.Int64
	port := countingRelay(t, &sessions)
	servers := make([]string, relays)
	for i := range servers {
		servers[i] = fmt.Sprintf("\"smtp://127.201.%d.%d:%d\"", i/250, 1+i%250, port)
	}
	settings := fmt.Sprintf(`
[[inputs.smtpprobe]]
  helo = "probe.test"
  timeout = "4s"
  spread = "2s"
  servers = [%s]
`, strings.Join(servers, ",\n"))

	db := startInfluxDB(t)
	db.query(t, "CREATE DATABASE "+database)
	place := e2e.PlaceFor(t, "telegraf")
	program, input := execdPlugin(t, place, settings)
	config := fmt.Sprintf(`
[agent]
  interval = %q
  round_interval = false
  flush_interval = "500ms"
  omit_hostname = true
  metric_buffer_limit = %d
[[outputs.influxdb]]
  urls = [%q]
  database = %q
`, interval, buffered, db.url, database) + input
	agent := e2e.StartProgram(t, place, "telegraf", program, "--config", place.WriteFile(t, "telegraf.conf", config))
	probes := func() int { return db.sum(t, `SELECT sum("targets") FROM "smtpprobe_gather"`) }
	agent.Await(t, "the first gather", func() bool { return probes() >= relays })
	db.Stop(t)
	agent.Await(t, "the second gather", func() bool { return sessions.Load() >= 2*relays })
	db.restart(t)
	agent.Await(t, "the third gather", func() bool { return probes() >= 3*relays })
	agent.Stop(t)

	require.Equal(t, probes(), db.sum(t, `SELECT sum("n") FROM (SELECT count("success") AS "n" FROM "smtpprobe" GROUP BY "relay")`))
	require.Len(t, db.query(t, `SELECT count("success") FROM "smtpprobe" GROUP BY "relay"`), relays)
	require.NotContains(t, agent.Output(), "buffer overflow")
	require.NotContains(t, agent.Output(), "dropped")
}

// countingRelay starts a relay that counts its sessions. It returns the port, which
// is open on all addresses.
func countingRelay(t *testing.T, sessions *atomic.Int64) uint16 {
	t.Helper()
	l, err := net.Listen("tcp", "0.0.0.0:0") //nolint:gosec // the relays have addresses all over 127.0.0.0/8
	require.NoError(t, err)
	greet := func(c *smtptest.Conn) error {
		sessions.Add(1)
		return smtptest.Healthy()(c)
	}
	srv, err := smtptest.Listen(smtptest.Script{}.With(smtptest.AtGreeting, greet), smtptest.From(l), smtptest.Keep(1))
	require.NoError(t, err)
	t.Cleanup(srv.Close)
	return srv.Port()
}

// sum returns the only value of a query, or 0 without points.
func (db *influxDB) sum(t *testing.T, query string) int {
	t.Helper()
	tables := db.query(t, query)
	if len(tables) == 0 {
		return 0
	}
	return int(single(t, tables))
}
