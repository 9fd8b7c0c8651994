//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
)

// Telegraf is a Telegraf that writes its metrics to the file metrics.
type Telegraf struct {
	*Program
	config string // path
}

// StartTelegraf starts a stock Telegraf that runs the plugin through
// inputs.execd every second, with the given configuration of the plugin.
func StartTelegraf(t *testing.T, settings string) *Telegraf {
	t.Helper()
	return startAgent(t, `interval = "1s"`, settings)
}

// startAgent is StartTelegraf with other settings of Telegraf's agent.
func startAgent(t *testing.T, agent, settings string) *Telegraf {
	t.Helper()
	place := PlaceFor(t, "telegraf")
	plugin := place.WriteFile(t, "smtpprobe.conf", settings)
	config := place.WriteFile(t, "telegraf.conf", `
[agent]
  `+agent+`
  flush_interval = "1s"
  omit_hostname = true
[[inputs.execd]]
  command = [`+strconv.Quote(smtpprobeBinary(t))+`, "--config", `+strconv.Quote(plugin)+`]
  signal = "STDIN"
  data_format = "influx"
[[outputs.file]]
  files = [`+strconv.Quote(place.File("metrics"))+`]
  data_format = "influx"
`)
	return &Telegraf{Program: StartProgram(t, place, "telegraf", telegrafBinary(t), "--config", config), config: config}
}

// Restart stops Telegraf and starts it again with the same configuration and
// files.
func (tg *Telegraf) Restart(t *testing.T) {
	t.Helper()
	tg.Stop(t)
	tg.Program = StartProgram(t, tg.Place, "telegraf", telegrafBinary(t), "--config", tg.config)
}

// Metrics returns the metrics that Telegraf has written so far.
func (tg *Telegraf) Metrics(t *testing.T) []telegraf.Metric {
	t.Helper()
	lines, err := os.ReadFile(tg.File("metrics"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return readMetrics(t, lines)
}

// AwaitMetric waits for a metric that satisfies a condition.
func (tg *Telegraf) AwaitMetric(t *testing.T, what string, condition func(telegraf.Metric) bool) telegraf.Metric {
	t.Helper()
	var found telegraf.Metric
	tg.Await(t, what, func() bool {
		metrics := tg.Metrics(t)
		i := slices.IndexFunc(metrics, condition)
		if i >= 0 {
			found = metrics[i]
		}
		return i >= 0
	})
	return found
}

// AwaitOutcome waits for a probe with an outcome.
func (tg *Telegraf) AwaitOutcome(t *testing.T, want Outcome) telegraf.Metric {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			for _, m := range tg.Metrics(t) {
				t.Log(outcomeOf(m), m.Fields()["error"])
			}
		}
	})
	return tg.AwaitMetric(t, string(want), func(m telegraf.Metric) bool { return m.Name() == "smtpprobe" && outcomeOf(m) == want })
}
