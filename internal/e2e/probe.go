//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/stretchr/testify/require"
)

// Relay is one relay to probe, and what should become of it.
type Relay struct {
	Name     string
	URL      string
	Settings string // TOML
	Want     Outcome
	// Enhanced is the reply's enhanced status code, if it should have one.
	Enhanced string
	// Fields are further fields and their values.
	Fields map[string]any
	// ByRelay: the relay ends this session, so that there is no QUIT.
	ByRelay bool

	// Source is the local address of the probe, by which the relay's log knows
	// it; ProbeOnce chooses one that nobody else has.
	Source string
}

// Outcome is what the outcome tags say, written as the setting expect has it:
// class/reason:code:phase.
type Outcome string

func outcomeOf(m telegraf.Metric) Outcome {
	tag := func(key string) string { value, _ := m.GetTag(key); return value }
	return Outcome(tag("error_class") + "/" + tag("reason") + ":" + tag("reply_code") + ":" + tag("phase"))
}

// ProbeOnce probes relays by one run of the binary, compares what came of each,
// and returns their metrics by name.
func ProbeOnce(t *testing.T, settings string, relays []Relay) map[string]telegraf.Metric {
	t.Helper()
	var config strings.Builder
	fmt.Fprintf(&config, "[[inputs.smtpprobe]]\n%s\n", settings)
	for i := range relays {
		r := &relays[i]
		fmt.Fprintf(&config, "[[inputs.smtpprobe.relay]]\nname = %q\nurl = %q\n", r.Name, r.URL)
		if !strings.HasPrefix(r.URL, "lmtp:///") {
			if r.Source == "" {
				r.Source = newAddress()
			}
			fmt.Fprintf(&config, "source_address = %q\n", r.Source)
		}
		config.WriteString(r.Settings + "\n")
	}
	place := newPlace(t, "probe")
	metrics := make(map[string]telegraf.Metric, len(relays))
	for _, m := range runOnce(t, place.write(t, "smtpprobe.conf", config.String())) {
		if m.Name() != "smtpprobe" {
			continue
		}
		name, _ := m.GetTag("relay")
		require.NotContains(t, metrics, name)
		metrics[name] = m
	}
	require.Len(t, metrics, len(relays), "one metric per relay")
	for _, r := range relays {
		t.Run(r.Name, func(t *testing.T) { r.compare(t, metrics[r.Name]) })
	}
	return metrics
}

func (r *Relay) compare(t *testing.T, m telegraf.Metric) {
	t.Helper()
	require.NotNil(t, m)
	fields := m.Fields()
	require.Equal(t, r.Want, outcomeOf(m), "%v", fields["error"])
	success := int64(0)
	if strings.HasPrefix(string(r.Want), "none/") || strings.Contains(r.Settings, "expect = ") {
		success = 1
	}
	require.Equal(t, success, fields["success"])
	if r.Enhanced != "" {
		require.Equal(t, r.Enhanced, fields["enhanced_code"])
	}
	for name, value := range r.Fields {
		require.Equal(t, value, fields[name], name)
	}
	require.Contains(t, fields, "total_time")
}

// runOnce runs the binary with a configuration and reads the metrics.
func runOnce(t *testing.T, config string) []telegraf.Metric {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, smtpprobeBinary(t), "--config", config, "--once")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), stderr.String())
	require.NotContains(t, stderr.String(), "E!", "a failing relay is data, not an error in the log")
	for _, secret := range secrets {
		require.NotContains(t, stdout.String()+stderr.String(), secret)
	}
	return readMetrics(t, stdout.Bytes())
}

func readMetrics(t *testing.T, lines []byte) []telegraf.Metric {
	t.Helper()
	parser := &influx.Parser{}
	require.NoError(t, parser.Init())
	metrics, err := parser.Parse(lines)
	require.NoError(t, err, "%s", lines)
	return metrics
}

// tomlList is a TOML array of strings.
func tomlList(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		quoted = append(quoted, strconv.Quote(value))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
