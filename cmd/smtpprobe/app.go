package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v2"
)

// The exit statuses; check --nagios has its own.
const (
	statusOK     = 0
	statusFailed = 1 // the configuration is wrong, or a probe failed
	statusUsage  = 2 // the command line is wrong
)

// exitError ends the program with a status; without an error it says nothing.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{status: statusUsage, err: fmt.Errorf(format, args...)}
}

// console is where a command reads and writes.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program but for the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	if len(args) > 1 {
		if flags, ok := mixed()[args[1]]; ok {
			args = slices.Concat(args[:2], flagsFirst(args[2:], flags))
		}
	}
	err := newApp(&console{stdin: stdin, stdout: stdout, stderr: stderr}).RunContext(ctx, args)
	if err == nil {
		return statusOK
	}
	exit := &exitError{status: statusFailed, err: err}
	errors.As(err, &exit)
	if exit.status == statusUsage && exit.err != nil && wantsNagios(args) {
		fmt.Fprintf(stdout, "SMTP %s - %s\n", nagiosUnknown, unpiped(oneLine(exit.err.Error())))
		return int(nagiosUnknown)
	}
	if exit.err != nil {
		fmt.Fprintln(stderr, oneLine("E! "+exit.err.Error()))
	}
	return exit.status
}

func newApp(c *console) *cli.App {
	app := &cli.App{
		Name:            "smtpprobe",
		Usage:           "probe SMTP relays for Telegraf, or check one now",
		UsageText:       "smtpprobe --config FILE [--once]\nsmtpprobe COMMAND [flags] [arguments]",
		Version:         version,
		HideVersion:     true,
		HideHelpCommand: true,
		// An address may hold a comma.
		DisableSliceFlagSeparator: true,
		Flags:                     execdFlags(),
		Action:                    c.execd,
		Commands: []*cli.Command{
			c.checkCommand(),
			c.relaysCommand(),
			c.reportCommand(),
			c.classesCommand(),
			c.sampleConfigCommand(),
			c.versionCommand(),
		},
		Reader:         c.stdin,
		Writer:         c.stdout,
		ErrWriter:      c.stderr,
		OnUsageError:   onUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run turns errors into statuses
	}
	for _, command := range app.Commands {
		command.OnUsageError = onUsageError
		command.HideHelpCommand = true
	}
	return app
}

func onUsageError(ctx *cli.Context, err error, _ bool) error {
	name := "smtpprobe"
	if ctx.Command != nil && ctx.Command.Name != "" && ctx.Command.Name != name {
		name += " " + ctx.Command.Name
	}
	return usageError("%w; see %s --help", err, name)
}

// noArguments refuses what a command would pass over.
func noArguments(ctx *cli.Context) error {
	if ctx.Args().Present() {
		return usageError("unexpected argument %q", ctx.Args().First())
	}
	return nil
}
