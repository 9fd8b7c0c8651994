//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

func TestBalancer_FailingBackend(t *testing.T) {
	const failing = "relay2.test"
	servers := make([]string, 4)
	for i := range servers {
		script := smtptest.Script{Hostname: fmt.Sprintf("relay%d.test", i)}
		if script.Hostname == failing {
			script.Rcpt = smtptest.Say("450 4.2.0 mailbox busy")
		}
		servers[i] = smtptest.Start(t, script).Addr().String()
	}
	h := StartBalancer(t, servers...)
	tg := StartTelegraf(t, fmt.Sprintf(`
[[inputs.smtpprobe]]
  servers = ["smtp://%s"]
  helo = "probe.test"
  probe = "rcpt"
  to = ["alice@mail.test"]
  timeout = "900ms"
`, h.At(haproxyPlain)))

	var probes []telegraf.Metric
	tg.Await(t, "three probes of each backend", func() bool {
		probes = named(tg.Metrics(t), "smtpprobe")
		return len(probes) >= 12
	})
	hosts := make(map[any]int)
	for _, m := range probes {
		host := m.Fields()["greeting_host"]
		hosts[host]++
		if host == failing {
			require.Equal(t, "recipients_refused", m.Tags()["error_class"])
			require.Equal(t, "450", m.Tags()["reply_code"])
		} else {
			require.Equal(t, Outcome("none/none:250:done"), outcomeOf(m), "%v", m.Fields()["error"])
		}
		require.Equal(t, host, m.Fields()["ehlo_host"])
	}
	require.Len(t, hosts, 4)
	require.GreaterOrEqual(t, hosts[failing], 2)

	// A change is reported when a backend is first seen, not when the balancer
	// returns to it.
	changes := named(tg.Metrics(t), "smtpprobe_change")
	require.Len(t, changes, 3)
	for _, m := range changes {
		require.Equal(t, "greeting_host", m.Tags()["what"])
		require.Equal(t, "plain", m.Tags()["layer"])
	}
	tg.Stop(t)
}

func TestTelegraf_RestartKeepsFailures(t *testing.T) {
	place := PlaceFor(t, "state")
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no service for you")})
	tg := StartTelegraf(t, fmt.Sprintf(`
[[inputs.smtpprobe]]
  servers = ["smtp://%s"]
  helo = "probe.test"
  timeout = "900ms"
  state_file = %q
`, srv.Addr(), place.File("smtpprobe.state")))
	failures := func() []int64 {
		var list []int64
		for _, m := range named(tg.Metrics(t), "smtpprobe") {
			if m.Tags()["error_class"] == "canceled" { // by Stop
				continue
			}
			list = append(list, m.Fields()["consecutive_failures"].(int64))
		}
		return list
	}
	for n := 3; n <= 9; n += 3 {
		tg.Await(t, fmt.Sprint(n, " probes"), func() bool { return len(failures()) >= n })
		tg.Restart(t)
	}
	tg.Stop(t)
	list := failures()
	require.GreaterOrEqual(t, len(list), 9)
	require.True(t, slices.IsSorted(list), "%v", list)
	require.Equal(t, int64(1), list[0])
	require.Equal(t, int64(len(list)), list[len(list)-1], "each probe counts once: %v", list)
	files, err := filepath.Glob(place.File("*"))
	require.NoError(t, err)
	require.NotContains(t, files, place.File("smtpprobe.state.lock"))
}

// named returns the metrics of one measurement.
func named(metrics []telegraf.Metric, name string) []telegraf.Metric {
	return slices.DeleteFunc(metrics, func(m telegraf.Metric) bool { return m.Name() != name })
}

// TestSendInterval_Killed kills the process at the end of a message, before the
// relay replies. The next process does not send before the interval has passed.
func TestSendInterval_Killed(t *testing.T) {
	const interval = 4 * time.Second
	var (
		mu     sync.Mutex
		sent   []time.Time
		sender *exec.Cmd
	)
	srv := smtptest.Start(t, smtptest.Script{Dot: func(c *smtptest.Conn) error {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, time.Now())
		if err := sender.Process.Kill(); err != nil {
			return err
		}
		return smtptest.Healthy()(c)
	}})
	place := PlaceFor(t, "state")
	config := place.WriteFile(t, "smtpprobe.conf", fmt.Sprintf(`
[[inputs.smtpprobe]]
  servers = ["smtp://%s"]
  helo = "probe.test"
  probe = "send"
  send_interval = %q
  to = ["alice@mail.test"]
  timeout = "3s"
  state_file = %q
`, srv.Addr(), interval, place.File("smtpprobe.state")))

	// Each process gathers every 100 ms until it sends a message and is killed.
	for range 3 {
		process := exec.Command(smtpprobeBinary(t), "--config", config)
		prompts, err := process.StdinPipe()
		require.NoError(t, err)
		mu.Lock()
		sender = process
		mu.Unlock()
		require.NoError(t, process.Start())
		ended := make(chan error, 1)
		go func() { ended <- process.Wait() }()
		deadline := time.After(waitLimit)
		for running := true; running; {
			select {
			case err := <-ended:
				require.EqualError(t, err, "signal: killed")
				running = false
			case <-deadline:
				require.NoError(t, process.Process.Kill())
				require.FailNow(t, "no message was sent")
			case <-time.After(100 * time.Millisecond):
				_, _ = prompts.Write([]byte("\n")) //nolint:errcheck // the process may have been killed
			}
		}
	}
	require.Len(t, sent, 3)
	for i := range 2 {
		require.GreaterOrEqual(t, sent[i+1].Sub(sent[i]), interval-50*time.Millisecond, "message %d", i+2)
	}
}
