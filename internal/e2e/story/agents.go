//go:build e2e

package story

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// agent is a Telegraf at one vantage point.
type agent struct {
	*e2e.Program
	name, scrape string
}

// startAgent probes by the plugin's settings, and writes to both databases and,
// as dashboards/telegraf-prometheus.conf has it, for Prometheus.
func startAgent(t *testing.T, name, settings string, databases ...*influxDB) *agent {
	t.Helper()
	place := e2e.PlaceFor(t, "telegraf")
	a := &agent{name: name, scrape: place.At(9273)}
	var config strings.Builder
	config.WriteString(telegrafConfig(t, place, name, "1s", settings) + servedToPrometheus(t, a.scrape))
	for _, db := range databases {
		fmt.Fprintf(&config, `
[[outputs.influxdb]]
  urls = [%q]
  database = %q
  namepass = ["smtpprobe", "smtpprobe_phase", "smtpprobe_recipient", "smtpprobe_group"]
`, db.url, database)
	}
	a.Program = e2e.StartProgram(t, place, "telegraf", e2e.Built(t, "TELEGRAF_BIN", "telegraf"),
		"--config", place.WriteFile(t, "telegraf.conf", config.String()))
	return a
}

func telegrafConfig(t *testing.T, place e2e.Place, name, interval, settings string) string {
	t.Helper()
	plugin := place.WriteFile(t, "smtpprobe.conf", settings)
	return fmt.Sprintf(`
[global_tags]
  vantage = %q
[agent]
  interval = %q
  flush_interval = "500ms"
  hostname = %q
  skip_processors_after_aggregators = true
[[inputs.execd]]
  command = [%q, "--config", %q]
  signal = "STDIN"
  data_format = "influx"
`, "network-"+name, interval, name, e2e.Built(t, "SMTPPROBE_BIN", "smtpprobe"), plugin)
}

// servedToPrometheus is the file for users, at the pace of the story.
func servedToPrometheus(t *testing.T, listen string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e2e.Root(t), "dashboards", "telegraf-prometheus.conf"))
	require.NoError(t, err)
	config := string(text)
	for old, paced := range map[string]string{
		`listen = ":9273"`:             fmt.Sprintf("listen = %q", listen),
		`expiration_interval = "180s"`: `expiration_interval = "3s"`,
	} {
		require.Contains(t, config, old)
		config = strings.Replace(config, old, paced, 1)
	}
	return config
}
