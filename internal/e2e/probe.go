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
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/parsers/influx"
	"github.com/stretchr/testify/require"
)

// runLimit is how long one run of the binary may take.
const runLimit = 3 * time.Minute

// Relay is a relay to probe, and the expected result.
type Relay struct {
	Name     string
	URL      string
	Settings string // TOML
	Want     Outcome
	Enhanced string         // the reply's enhanced status code; empty: not compared
	Fault    string         // empty: not compared
	Fields   map[string]any // other fields
	ByRelay  bool           // the relay ends the session, so that there is no QUIT

	// Source is the local address of the probe, which identifies the session in
	// the relay's log. By default ProbeOnce chooses an unused one.
	Source string
}

// Outcome is the outcome tags in the form of the setting expect:
// class/reason:code:phase.
type Outcome string

func outcomeOf(m telegraf.Metric) Outcome {
	tag := func(key string) string { value, _ := m.GetTag(key); return value }
	return Outcome(tag("error_class") + "/" + tag("reason") + ":" + tag("reply_code") + ":" + tag("phase"))
}

// ProbeOnce probes relays in one run of the binary, compares the results, and
// returns the metrics by relay name. The settings apply to all relays.
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
	place := PlaceFor(t, "probe")
	metrics := make(map[string]telegraf.Metric, len(relays))
	for _, m := range runOnce(t, place.WriteFile(t, "smtpprobe.conf", config.String())) {
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
	if r.Fault != "" {
		require.Equal(t, r.Fault, m.Tags()["fault"], "%v", fields["error"])
	}
	for name, value := range r.Fields {
		require.Equal(t, value, fields[name], name)
	}
	require.Contains(t, fields, "total_time")
}

// runOnce runs the binary with a configuration file and returns the metrics.
func runOnce(t *testing.T, config string) []telegraf.Metric {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
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

// tomlList returns a TOML array of strings.
func tomlList(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, value := range values {
		quoted = append(quoted, strconv.Quote(value))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
