package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
)

// nonStrictFlag has the name of Telegraf's: variables are replaced anywhere, as
// Telegraf did until v1.38. Within strings only, a value cannot become anything
// else.
const nonStrictFlag = "non-strict-env-handling"

// runner is the command line without a command: it runs the inputs for Telegraf.
type runner struct {
	execd.Options
	noPoll, version bool
}

// flags are those of Telegraf's shim for external plugins, and ours.
func (r *runner) flags() []cli.Flag {
	poll := span("poll_interval", "`DURATION` between gathers without a prompt, for inputs.execd with signal = \"none\"", &r.Poll)
	poll.Hidden = true
	noPoll := &cli.BoolFlag{
		Name: "poll_interval_disabled", Usage: "do not poll, whatever poll_interval says",
		Destination: &r.noPoll, Hidden: true, Local: true,
	}
	version := &cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "print the version", Destination: &r.version, HideDefault: true, Local: true}
	return []cli.Flag{
		text("config", "run the inputs.smtpprobe of this Telegraf configuration `FILE`, a gather for each line on stdin", &r.Config),
		poll,
		noPoll,
		toggle("once", "gather once and exit; a probe of depth \"send\" sends", &r.Once),
		toggle("debug", "with --once: log failing relays too (otherwise Telegraf's log level decides)", &r.Debug),
		toggle(nonStrictFlag, "replace environment variables outside of strings too", &r.NonStrictEnv),
		version,
	}
}

// execd runs the configured inputs: once, or until stdin closes.
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

// logPrefix gives an error its level in Telegraf's log, which is where the
// standard error of an execd plugin goes.
const logPrefix = "E! "
