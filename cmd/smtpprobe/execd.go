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

// execdFlags are those of Telegraf's shim for external plugins, and ours.
func execdFlags() []cli.Flag {
	poll := durationFlag("poll_interval", "off", "`DURATION` between gathers without a prompt, for inputs.execd with signal = \"none\"")
	poll.Hidden, poll.Local = true, true
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Local: true, Usage: "run the inputs.smtpprobe of this Telegraf configuration `FILE`, a gather for each line on stdin"},
		poll,
		&cli.BoolFlag{Name: "poll_interval_disabled", Local: true, Hidden: true, Usage: "do not poll, whatever poll_interval says", HideDefault: true},
		&cli.BoolFlag{Name: "once", Local: true, Usage: "gather once and exit; a probe of depth \"send\" sends", HideDefault: true},
		&cli.BoolFlag{Name: "debug", Local: true, Usage: "with --once: log failing relays too (otherwise Telegraf's log level decides)", HideDefault: true},
		&cli.BoolFlag{Name: nonStrictFlag, Local: true, Usage: "replace environment variables outside of strings too", HideDefault: true},
		&cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Local: true, Usage: "print the version", HideDefault: true},
	}
}

// execd runs the configured inputs: once, or until stdin closes.
func (c *commands) execd(ctx context.Context, cmd *cli.Command) error {
	poll := duration(cmd, "poll_interval")
	if cmd.Bool("poll_interval_disabled") {
		poll = 0
	}
	switch {
	case cmd.Args().Present():
		return unknownCommand(cmd)
	case cmd.Bool("version"):
		return c.printVersion()
	case cmd.String("config") == "":
		return usageError("--config FILE or a command is needed; see smtpprobe --help")
	case poll < 0:
		return usageError("--poll_interval %s must not be negative", poll)
	case cmd.Bool("once") && poll > 0:
		return usageError("--once and --poll_interval exclude each other")
	}
	err := execd.Run(ctx, execd.Options{
		Config:       cmd.String("config"),
		NonStrictEnv: cmd.Bool(nonStrictFlag),
		Poll:         poll,
		Once:         cmd.Bool("once"),
		Debug:        cmd.Bool("debug"),
	}, c.Streams)
	if err != nil && !cmd.Bool("once") {
		return &exitError{status: statusFailed, prefix: logPrefix, err: err}
	}
	return err
}

// logPrefix gives an error its level in Telegraf's log, which is where the
// standard error of an execd plugin goes.
const logPrefix = "E! "
