// Package execd runs the plugin for a stock Telegraf. Telegraf's inputs.execd
// starts the program and writes a line to its standard input for each gather
// (signal = "STDIN"). The program writes line protocol to its standard output
// and log lines to its standard error.
//
// Load reads the configuration with Telegraf's own loader. Run starts the
// inputs, gathers for each line of standard input or at an interval, and writes
// each metric as soon as it is available. It ends when standard input is closed,
// its context is canceled or standard output breaks, even if nobody reads
// standard output or standard error.
//
// The package replaces Telegraf's shim, which runs a single input, ignores the
// settings that all inputs have (alias, tags, name_override, filters, ...), logs
// in a format whose level execd does not recognize, and waits for a running
// gather before it ends.
package execd

import (
	"context"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

// Grace is the time that a canceled gather, or a standard output that nobody
// reads, may delay the end. inputs.execd kills the program after 5 s.
const Grace = 2 * time.Second

// Options are the options of the command line.
type Options struct {
	Config       string        // path or URL of the configuration
	NonStrictEnv bool          // replace environment variables outside of strings too
	Poll         time.Duration // gather at this interval too; 0: only for lines of standard input
	Once         bool          // gather once and end
	Debug        bool          // with Once: log failures of relays too
}

// Run runs the inputs of a configuration. Its errors are those of loading the
// configuration, of starting an input and of writing metrics; a failure of a
// relay is a metric.
func Run(ctx context.Context, o Options, s console.Streams) error {
	// Under execd, Telegraf filters the lines by its own log level.
	level := telegraf.Debug
	if o.Once && !o.Debug {
		level = telegraf.Info
	}
	log, err := newLog(s.Err, level)
	if err != nil {
		return err
	}
	defer log.Close()

	if !ProtectSecrets() {
		logger.New("", "", "").Warn("memory cannot be locked, secrets may be swapped to disk: raise the limit (ulimit -l, systemd's LimitMEMLOCK)")
	}
	inputs, err := loadWithin(ctx, o.Config, o.NonStrictEnv)
	if err != nil {
		return err
	}
	limitMemory()
	log.loaded(inputs)
	if !o.Once && o.Poll == 0 && console.IsTerminal(s.In) {
		logger.New("", "", "").Info("each line on standard input starts a gather; --once gathers once and ends")
	}

	g := &gathering{inputs: inputs, out: s.Out, poll: o.Poll}
	if o.Once {
		return g.once(ctx)
	}
	return g.untilClosed(ctx, s.In)
}
