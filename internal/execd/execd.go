// Package execd runs the plugin for a stock Telegraf. Telegraf's inputs.execd
// starts the program and writes a line to its standard input for each gather
// (signal = "STDIN"); the program answers with line protocol on its standard
// output, and logs to its standard error.
//
// Load reads the configuration with Telegraf's own loader. Run starts the
// inputs, gathers on each prompt and by the clock, and writes the metrics as
// they come. It ends when standard input closes, a signal cancels its context
// or standard output breaks. Neither a standard output nor a standard error
// that nobody reads can stop it from ending.
//
// It replaces Telegraf's shim, which runs a single input, ignores the settings
// that all inputs have (alias, tags, name_override, filters, ...), logs in a
// form whose level execd does not recognize, and waits for a running gather
// when it is asked to end.
package execd

import (
	"context"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

// Grace is how long a canceled gather, and a reader of the metrics that has
// stopped reading, may delay the end. inputs.execd kills after 5 s.
const Grace = 3 * time.Second

// Options are what the command line says.
type Options struct {
	Config       string        // path or URL of the configuration
	NonStrictEnv bool          // replace environment variables outside of strings too
	Poll         time.Duration // gather at this interval too; 0: on prompts only
	Once         bool          // gather once and end
	Debug        bool          // with Once: log failing relays too
}

// Run runs the inputs of a configuration.
func Run(ctx context.Context, o Options, s console.Streams) error {
	// Under execd Telegraf chooses the level: it drops what it does not log.
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
