package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
)

// nonStrictFlag is the name of a flag of Telegraf. With it, environment variables are
// replaced anywhere, as by Telegraf before v1.38. Without it they are replaced only in
// strings, so that a value cannot add other settings.
const nonStrictFlag = "non-strict-env-handling"

// runner holds the flags of the program without a command, which runs the inputs for
// Telegraf.
type runner struct {
	execd.Options
	noPoll, version bool
}

// flags returns the flags of Telegraf's shim for external plugins, and further ones.
func (r *runner) flags() []cli.Flag {
	poll := span("poll_interval", "`DURATION` between gathers without a prompt, for inputs.execd with signal = \"none\"", &r.Poll)
	poll.Hidden = true
	noPoll := &cli.BoolFlag{
		Name: "poll_interval_disabled", Usage: "do not poll, even with poll_interval",
		Destination: &r.noPoll, Hidden: true, Local: true,
	}
	version := &cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version", Destination: &r.version, HideDefault: true, Local: true}
	return []cli.Flag{
		text("config", "run the [[inputs.smtpprobe]] sections of this Telegraf configuration `FILE`, with a gather for each line on stdin", &r.Config),
		poll,
		noPoll,
		toggle("once", "gather once and exit; probes of depth \"send\" send a message", &r.Once),
		toggle("debug", "with --once: log failing relays too (otherwise Telegraf's log level decides)", &r.Debug),
		toggle(nonStrictFlag, "replace environment variables outside of strings too", &r.NonStrictEnv),
		version,
	}
}

// execd runs the configured inputs once, or until stdin closes.
func (c *commands) execd(ctx context.Context, cmd *cli.Command, r *runner) error {
	if r.noPoll {
		r.Poll = 0
	}
	switch {
	case cmd.Args().Present():
		return unknownCommand(cmd)
	case r.version:
		return c.printVersion()
	case r.Config == "":
		return usageError("--config FILE or a command is needed; see smtpprobe --help")
	case r.Poll < 0:
		return usageError("--poll_interval %s must not be negative", r.Poll)
	case r.Once && r.Poll > 0:
		return usageError("--once and --poll_interval exclude each other")
	}
	err := execd.Run(ctx, r.Options, c.Streams)
	if err != nil && !r.Once {
		return &exitError{status: statusFailed, prefix: logPrefix, err: err}
	}
	return err
}

// logPrefix is the log level of an error. Telegraf logs the standard error of an execd
// plugin.
const logPrefix = "E! "
