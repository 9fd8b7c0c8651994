//go:build e2e && linux

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// With 20,000 relays a stock Telegraf receives a metric of each and drops none on
// the way to its output.
func TestTelegraf_LargeFleet(t *testing.T) {
	const (
		relays   = 20_000
		interval = 15 * time.Second
	)
	l, err := net.Listen("tcp", "0.0.0.0:0") //nolint:gosec // the relays have addresses all over 127.0.0.0/8
	require.NoError(t, err)
	srv, err := smtptest.Listen(smtptest.Script{}, smtptest.From(l), smtptest.Keep(1))
	require.NoError(t, err)
	defer srv.Close()
	var servers strings.Builder
	for i := range relays {
		fmt.Fprintf(&servers, "\"smtp://127.200.%d.%d:%d\",\n", i/250, 1+i%250, srv.Port())
	}
	tg := startAgent(t, fmt.Sprintf("interval = %q\n  round_interval = false\n  metric_buffer_limit = %d", interval.String(), 2*relays),
		"[[inputs.smtpprobe]]\n  helo = \"probe.test\"\n  servers = ["+servers.String()+"]\n")
	seen := make(map[string]int)
	require.Eventually(t, func() bool {
		written, err := os.ReadFile(tg.File("metrics"))
		if os.IsNotExist(err) {
			return false
		}
		require.NoError(t, err)
		clear(seen)
		for line := range bytes.Lines(written) {
			if _, rest, ok := bytes.Cut(line, []byte(",relay=")); ok && bytes.HasPrefix(line, []byte("smtpprobe,")) {
				name, _, _ := bytes.Cut(rest, []byte(","))
				seen[string(name)]++
			}
		}
		return len(seen) == relays
	}, 3*interval+waitLimit, time.Second)
	tg.Stop(t)
	require.NotContains(t, tg.Output(), "buffer overflow")
	require.NotContains(t, tg.Output(), "dropped")
}
