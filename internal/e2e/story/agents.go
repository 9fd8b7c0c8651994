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

// engine runs the plugin in a Telegraf: it names the program, and makes of the
// plugin's settings what that reads.
type engine func(t *testing.T, place e2e.Place, settings string) (program, input string)

// byExecd: a stock Telegraf runs the plugin as a program of its own.
func byExecd(t *testing.T, place e2e.Place, settings string) (program, input string) {
	t.Helper()
	return e2e.Built(t, "TELEGRAF_BIN", "telegraf"), fmt.Sprintf(`
[[inputs.execd]]
  command = [%q, "--config", %q]
  signal = "STDIN"
  data_format = "influx"
`, e2e.Built(t, "SMTPPROBE_BIN", "smtpprobe"), place.WriteFile(t, "smtpprobe.conf", settings))
}

// linkedIn: the plugin is one of Telegraf's own.
func linkedIn(t *testing.T, _ e2e.Place, settings string) (program, input string) {
	t.Helper()
	return e2e.Built(t, "TELEGRAF_NATIVE_BIN", "telegraf-native"), settings
}

// startAgent probes by the plugin's settings, and writes to both databases and,
// as dashboards/telegraf-prometheus.conf has it, for Prometheus.
func startAgent(t *testing.T, name string, run engine, settings string, databases ...*influxDB) *agent {
	t.Helper()
	place := e2e.PlaceFor(t, "telegraf")
	a := &agent{name: name, scrape: place.At(9273)}
	var config strings.Builder
	program, input := run(t, place, settings)
	config.WriteString(agentSection(name, "1s") + input + servedToPrometheus(t, a.scrape))
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

// otherOutputs are the metrics that dashboards/telegraf-prometheus.conf says
// other outputs should pass.
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
