//go:build e2e

package e2e

import (
	"os"
	"strconv"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"
)

// Telegraf is a stock Telegraf that runs the binary by inputs.execd and writes
// what it gets to a file.
type Telegraf struct {
	Place
	config string // file
	server *process
}

// StartTelegraf probes every second as a configuration of the plugin says.
func StartTelegraf(t *testing.T, settings string) *Telegraf {
	t.Helper()
	return startAgent(t, `interval = "1s"`, settings)
}

// startAgent is StartTelegraf with settings for the agent.
func startAgent(t *testing.T, agent, settings string) *Telegraf {
	t.Helper()
	tg := &Telegraf{Place: newPlace(t, "telegraf")}
	plugin := tg.write(t, "smtpprobe.conf", settings)
	config := tg.write(t, "telegraf.conf", `
[agent]
  `+agent+`
  flush_interval = "1s"
  omit_hostname = true
[[inputs.execd]]
  command = [`+strconv.Quote(smtpprobeBinary(t))+`, "--config", `+strconv.Quote(plugin)+`]
  signal = "STDIN"
  data_format = "influx"
[[outputs.file]]
  files = [`+strconv.Quote(tg.path("metrics"))+`]
  data_format = "influx"
`)
	tg.config = config
	tg.Start(t)
	return tg
}

// Start starts it again after Stop, with the same configuration and files.
func (tg *Telegraf) Start(t *testing.T) {
	t.Helper()
	tg.server = start(t, tg.Place, "telegraf", telegrafBinary(t), "--config", tg.config)
}

// Metrics are those that were written so far.
func (tg *Telegraf) Metrics(t *testing.T) []telegraf.Metric {
	t.Helper()
	lines, err := os.ReadFile(tg.path("metrics"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	return readMetrics(t, lines)
}

// Await waits for a metric with an outcome.
func (tg *Telegraf) Await(t *testing.T, want Outcome) telegraf.Metric {
	t.Helper()
	var found telegraf.Metric
	defer func() {
		if found == nil {
			for _, m := range tg.Metrics(t) {
				t.Log(outcomeOf(m), m.Fields()["error"])
			}
		}
	}()
	tg.server.await(t, string(want), func() bool {
		for _, m := range tg.Metrics(t) {
			if m.Name() == "smtpprobe" && outcomeOf(m) == want {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// Stop ends it and everything that it started.
func (tg *Telegraf) Stop(t *testing.T) {
	t.Helper()
	tg.server.stop(t)
}
