//go:build e2e

package monitoring

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
	scrape string // address of the metrics for Prometheus
}

// variant returns a Telegraf and the part of its configuration that runs the
// plugin with the given settings.
type variant func(t *testing.T, place e2e.Place, settings string) (program, input string)

// execdPlugin is a stock Telegraf that runs the plugin through inputs.execd.
func execdPlugin(t *testing.T, place e2e.Place, settings string) (program, input string) {
	t.Helper()
	return e2e.Built(t, "TELEGRAF_BIN", "telegraf"), fmt.Sprintf(`
[[inputs.execd]]
  command = [%q, "--config", %q]
  signal = "STDIN"
  data_format = "influx"
`, e2e.Built(t, "SMTPPROBE_BIN", "smtpprobe"), place.WriteFile(t, "smtpprobe.conf", settings))
}

// linkedPlugin is a Telegraf with the plugin linked in.
func linkedPlugin(t *testing.T, _ e2e.Place, settings string) (program, input string) {
	t.Helper()
	return e2e.Built(t, "TELEGRAF_NATIVE_BIN", "telegraf-native"), settings
}

// startAgent starts an agent that writes to the databases and serves metrics to
// Prometheus with dashboards/telegraf-prometheus.conf.
func startAgent(t *testing.T, name string, plugin variant, settings string, databases ...*influxDB) *agent {
	t.Helper()
	place := e2e.PlaceFor(t, "telegraf")
	a := &agent{scrape: place.At(9273)}
	var config strings.Builder
	program, input := plugin(t, place, settings)
	config.WriteString(agentSection(name, "1s") + input + prometheusOutput(t, a.scrape))
	for _, db := range databases {
		fmt.Fprintf(&config, `
[[outputs.influxdb]]
  urls = [%q]
  database = %q
  namepass = [%s]
`, db.url, database, otherOutputs(t))
	}
	a.Program = e2e.StartProgram(t, place, "telegraf", program,
		"--config", place.WriteFile(t, "telegraf.conf", config.String()))
	return a
}

// agentSection returns the settings of an agent at the vantage point network-NAME.
func agentSection(name, interval string) string {
	return fmt.Sprintf(`
[global_tags]
  vantage = %q
[agent]
  interval = %q
  flush_interval = "500ms"
  hostname = %q
  skip_processors_after_aggregators = true
`, "network-"+name, interval, name)
}

// otherOutputs returns the value of namepass that
// dashboards/telegraf-prometheus.conf recommends for other outputs.
func otherOutputs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e2e.Root(t), "dashboards", "telegraf-prometheus.conf"))
	require.NoError(t, err)
	_, list, found := strings.Cut(string(text), "#   namepass = [")
	require.True(t, found)
	list, _, found = strings.Cut(list, "]")
	require.True(t, found)
	return strings.ReplaceAll(list, "#", "")
}

// prometheusOutput returns dashboards/telegraf-prometheus.conf with an address and
// with the intervals of these tests.
func prometheusOutput(t *testing.T, listen string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(e2e.Root(t), "dashboards", "telegraf-prometheus.conf"))
	require.NoError(t, err)
	config := string(text)
	for old, replacement := range map[string]string{
		`listen = ":9273"`:             fmt.Sprintf("listen = %q", listen),
		`expiration_interval = "180s"`: `expiration_interval = "3s"`,
	} {
		require.Contains(t, config, old)
		config = strings.Replace(config, old, replacement, 1)
	}
	return config
}
