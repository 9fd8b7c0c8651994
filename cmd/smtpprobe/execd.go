package main

import (
	"os/signal"
	"syscall"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/logger"
	"github.com/urfave/cli/v2"
)

// execdFlags are those of Telegraf's shim for external plugins, and ours.
func execdFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "run the inputs.smtpprobe of this Telegraf configuration `FILE`, a gather per line on stdin"},
		&cli.DurationFlag{Name: "poll_interval", Usage: "gather at this interval too, for inputs.execd with signal = \"none\" (0s: do not)"},
		&cli.BoolFlag{Name: "poll_interval_disabled", Usage: "do not poll, whatever poll_interval says"},
		&cli.BoolFlag{Name: "once", Usage: "gather once and exit; a probe of depth \"send\" sends"},
		&cli.BoolFlag{Name: "debug", Usage: "with --once: log failing relays too (Telegraf's own log level decides otherwise)"},
		&cli.BoolFlag{Name: nonStrictFlag, Usage: "replace environment variables outside of strings too"},
	}
}

// execd runs the configured inputs: once, or until stdin closes.
func (c *console) execd(ctx *cli.Context) error {
	if ctx.Args().Present() {
		return usageError("unknown command %q; see smtpprobe --help", ctx.Args().First())
	}
	if ctx.String("config") == "" {
		return usageError("--config FILE or a command is needed; see smtpprobe --help")
	}
	poll := ctx.Duration("poll_interval")
	if poll < 0 {
		return usageError("--poll_interval %s must not be negative", poll)
	}
	if ctx.Bool("poll_interval_disabled") {
		poll = 0
	}
	if ctx.Bool("once") && poll > 0 {
		return usageError("--once and --poll_interval exclude each other")
	}

	// Under execd the level is Telegraf's to choose: it drops what it does not want.
	level := telegraf.Debug
	if ctx.Bool("once") && !ctx.Bool("debug") {
		level = telegraf.Info
	}
	log, err := newStderrLog(c.stderr, level)
	if err != nil {
		return err
	}
	defer log.Close()

	if !protectSecrets() {
		logger.New("", "", "").Warn("memory cannot be locked, secrets may be swapped to disk: raise the limit (ulimit -l, systemd's LimitMEMLOCK)")
	}
	inputs, err := loadInputs(ctx.String("config"), ctx.Bool(nonStrictFlag))
	if err != nil {
		return err
	}
	log.loaded(inputs)

	// A pipe that nobody reads any more ends the sessions, then the program.
	signal.Ignore(syscall.SIGPIPE)
	g := &gathering{inputs: inputs, out: c.stdout, poll: poll}
	if ctx.Bool("once") {
		return g.once(ctx.Context)
	}
	return g.untilClosed(ctx.Context, c.stdin)
}
