package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/agent"
	"github.com/influxdata/telegraf/models"
	"github.com/influxdata/telegraf/plugins/serializers/influx"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// wholeGather runs one gather of the plugin with a relay for each session, up to
// written line protocol. It is not the plugin's first gather, which also
// allocates the state of each relay.
func wholeGather(e *endpoint, sessions, inflight int) (*trial, error) {
	in, err := load(configuration(e.urls(sessions), inflight, sessionTimeout.String(), e.ca))
	if err != nil {
		return nil, err
	}
	gather := func() error {
		var lines counter
		if err := gatherInto(in, &lines); err != nil {
			return err
		}
		if healthy := lines.healthy.Load(); healthy != int64(sessions) {
			return fmt.Errorf("%d of %d relays are healthy", healthy, sessions)
		}
		return nil
	}
	return &trial{run: gather}, gather()
}

// configuration returns the TOML of an instance with these relays.
func configuration(urls []string, maxConcurrent int, timeout, ca string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[inputs.smtpprobe]]\n  helo = \"probe.test\"\n  timeout = %q\n  max_concurrent = %d\n", timeout, maxConcurrent)
	if ca != "" {
		fmt.Fprintf(&b, "  tls_ca = %q\n", ca)
	}
	for i, url := range urls {
		fmt.Fprintf(&b, "  [[inputs.smtpprobe.relay]]\n    name = \"relay%05d\"\n    url = %q\n", i, url)
		if ca != "" {
			fmt.Fprintf(&b, "    tls_server_name = %q\n", serverName)
		}
	}
	return b.String()
}

// load reads a configuration as the command does.
func load(toml string) (*models.RunningInput, error) {
	file, err := os.CreateTemp("", "bench-*.conf")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(toml)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	inputs, err := execd.Load(context.Background(), file.Name(), false, os.Stderr)
	if err != nil {
		return nil, err
	}
	return inputs[0], nil
}

// gatherInto gathers once and writes each metric at once.
func gatherInto(in *models.RunningInput, out io.Writer) error {
	serializer := &influx.Serializer{}
	if err := serializer.Init(); err != nil {
		return err
	}
	metrics := make(chan telegraf.Metric)
	var (
		written sync.WaitGroup
		failed  error
	)
	written.Go(func() {
		for m := range metrics {
			line, err := serializer.Serialize(m)
			if err == nil {
				_, err = out.Write(line)
			}
			if err != nil {
				failed = err
			}
			m.Accept()
		}
	})
	err := in.Gather(agent.NewAccumulator(in, metrics))
	close(metrics)
	written.Wait()
	if err != nil {
		return err
	}
	return failed
}

// counter counts lines of line protocol, and those of healthy relays.
type counter struct{ all, healthy atomic.Int64 }

func (c *counter) Write(line []byte) (int, error) {
	c.all.Add(1)
	if bytes.Contains(line, []byte("error_class=none,")) {
		c.healthy.Add(1)
	}
	return len(line), nil
}

// The plugin must be linked in: it registers itself with the loader.
var _ telegraf.Input = (*plugin.SMTPProbe)(nil)
