//go:build e2e

package e2e

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTelegraf_Postfix(t *testing.T) {
	p := StartPostfix(t, PostfixOptions{})
	client := newAddress()
	tg := StartTelegraf(t, fmt.Sprintf(`
[[inputs.smtpprobe]]
  servers = ["smtp://%s"]
  helo = "probe.test"
  source_address = %q
  timeout = "900ms"
`, p.At(postfixSMTP), client))

	m := tg.AwaitOutcome(t, "none/none:250:done")
	require.Equal(t, map[string]string{
		"relay": "smtp://" + p.At(postfixSMTP), "source": p.Address, "port": strconv.Itoa(postfixSMTP), "probe": "ehlo", "tls": "opportunistic",
		"error_class": "none", "reason": "none", "reply_code": "250", "phase": "done", "fault": "none",
	}, m.Tags())
	fields := m.Fields()
	require.Equal(t, int64(1), fields["success"])
	require.Equal(t, int64(0), fields["consecutive_failures"])
	for _, phase := range []string{"connect", "greeting", "ehlo", "quit"} {
		require.Greater(t, fields[phase+"_time"], 0.0, phase)
	}
	p.Log.Wait(t, "disconnect from unknown["+client+"] ehlo=1 quit=1 commands=2")

	p.Stop(t)
	m = tg.AwaitOutcome(t, "connect_error/refused:none:connect")
	require.Equal(t, int64(0), m.Fields()["success"])
	require.NotContains(t, m.Fields(), "connect_time")
	require.Positive(t, m.Fields()["consecutive_failures"])
	require.Contains(t, m.Fields(), "failed_phase_time")

	// Before Stop, because execd may log an error when its pipes close.
	require.NotContains(t, tg.Output(), " E! ", "a failing relay is data")
	tg.Stop(t)
	for _, line := range p.Log.Lines(t, client) {
		require.NotContains(t, line, "lost connection")
	}
}
