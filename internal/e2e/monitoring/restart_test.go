//go:build e2e

package monitoring

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// TestRelayDown_Restart restarts Telegraf while a relay is down. With a state file
// the number of consecutive failures continues, so that the alert does not resolve
// and fire again.
func TestRelayDown_Restart(t *testing.T) {
	t.Parallel()
	relay := startRelay(t, 25, smtptest.Script{})
	relay.stop()
	influx := startInfluxDB(t)
	settings := fmt.Sprintf(`
[[inputs.smtpprobe]]
  helo = "a.test"
  timeout = "900ms"
  state_file = %q
  [[inputs.smtpprobe.relay]]
    name = "mx"
    url = "smtp://%s"
`, e2e.PlaceFor(t, "state").File("smtpprobe.state"), relay.address)
	counts := func() []float64 {
		var all []float64
		for _, row := range influx.rows(t, `SELECT "consecutive_failures" FROM "smtpprobe"`) {
			all = append(all, row["consecutive_failures"].(float64))
		}
		return all
	}
	down := func() bool { return slices.Contains(influx.firing(t), "SMTPRelayDown mx") }
	first := startAgent(t, "a", execdPlugin, settings, influx)
	influx.awaitDatabase(t)
	first.Await(t, "the alert fires", down)
	first.Stop(t)
	before := len(counts())
	second := startAgent(t, "a", execdPlugin, settings, influx)
	second.Await(t, "it probes again", func() bool { return len(counts()) >= before+3 })
	require.True(t, slices.IsSorted(counts()), "the count restarts: %v", counts())
	require.True(t, down())
}
