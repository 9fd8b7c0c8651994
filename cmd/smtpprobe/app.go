package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

// The exit statuses; check --nagios has its own.
const (
	statusOK     = 0
	statusFailed = 1 // a probe failed, or the configuration is wrong
	statusUsage  = 2 // the command line is wrong
)

// exitError ends the program with a status and, unless err is nil, a message.
type exitError struct {
	status int
	prefix string
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

const programPrefix = "smtpprobe: "

func usageError(format string, args ...any) error {
	return &exitError{status: statusUsage, prefix: programPrefix, err: fmt.Errorf(format, args...)}
}

// commands implements the subcommands on standard streams.
type commands struct{ console.Streams }

// app returns the command line: the execd runner and the commands for people.
func (c *commands) app() *cli.Command {
	run := &runner{}
	app := &cli.Command{
		Name:                  "smtpprobe",
		Usage:                 "probe SMTP relays for Telegraf, or check one now",
		UsageText:             "smtpprobe check URL...\nsmtpprobe --config FILE [--once]\nsmtpprobe COMMAND [flags] [arguments]",
		Flags:                 run.flags(),
		Action:                func(ctx context.Context, cmd *cli.Command) error { return c.execd(ctx, cmd, run) },
		EnableShellCompletion: true,
		ConfigureShellCompletionCommand: func(completion *cli.Command) {
			completion.Hidden = false
			completion.Usage = "print a completion script for bash, zsh, fish or pwsh"
			completion.HideHelpCommand = true
			completion.Action = unknownShell
		},
		Commands: []*cli.Command{
			c.checkCommand(),
			c.relaysCommand(),
			c.reportCommand(),
			c.classesCommand(),
			c.explainCommand(),
			c.sampleConfigCommand(),
			c.versionCommand(),
		},
		Reader:         c.In,
		Writer:         c.Out,
		ErrWriter:      c.Err,
		ExitErrHandler: func(context.Context, *cli.Command, error) {}, // run turns errors into statuses
	}
	for _, cmd := range append(slices.Clone(app.Commands), app) {
		cmd.OnUsageError = onUsageError
		cmd.DisableSliceFlagSeparator = true // an address may contain a comma
		cmd.HideHelpCommand = cmd != app     // "help" may be the name of a host
	}
	return app
}

// invalidValue matches the parser's error about a value.
var invalidValue = regexp.MustCompile(`^invalid value ("(?:[^"\\]|\\.)*") for flag -(\S+): (.*)$`)

// onUsageError rewrites an error of the parser in the terms of the help.
func onUsageError(_ context.Context, cmd *cli.Command, err error, _ bool) error {
	if cmd == cmd.Root() && cmd.Args().Present() {
		return unknownCommand(cmd)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return usageError("unknown flag %s%s; see %s --help", dashed(name), didYouMean("--", cli.SuggestFlag(cmd.Flags, name, false), name), cmd.FullName())
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: "); ok {
		return usageError("--%s needs a value", strings.TrimLeft(name, "-"))
	}
	if m := invalidValue.FindStringSubmatch(err.Error()); m != nil {
		if strings.HasPrefix(m[3], "invalid ") { // a span
			return usageError("--%s: %s", m[2], m[3])
		}
		return usageError("--%s: invalid value %s", m[2], m[1])
	}
	return usageError("%w; see %s --help", err, cmd.FullName())
}

// dashed returns a flag as people write it: -v or --version.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// unknownShell returns an error for a completion command without a known shell.
func unknownShell(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() {
		return usageError("completion needs a shell: bash, zsh, fish or pwsh")
	}
	return usageError("unknown shell %q: must be bash, zsh, fish or pwsh", console.OneLine(cmd.Args().First()))
}

func unknownCommand(cmd *cli.Command) error {
	name := cmd.Args().First()
	if strings.Contains(name, "://") { // it may contain a password
		return usageError("a URL is not a command: smtpprobe check URL")
	}
	return usageError("unknown command %q%s; see smtpprobe --help", name, didYouMean("", cli.SuggestCommand(cmd.Root().VisibleCommands(), name), name))
}

// didYouMean returns a hint with the suggestion for a misspelled name. It returns
// "" unless both begin with the same letter, since the parser suggests the nearest
// name however far away it is.
func didYouMean(prefix, suggestion, name string) string {
	suggestion, name = strings.TrimLeft(suggestion, "-"), strings.TrimLeft(name, "-")
	if suggestion == "" || name == "" || suggestion[0] != name[0] {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", prefix, suggestion)
}

// noArguments returns an error if a command that takes no arguments has some.
func noArguments(cmd *cli.Command) error {
	if cmd.Args().Present() {
		return usageError("unexpected argument %q", console.OneLine(cmd.Args().First()))
	}
	return nil
}

// wantsNagios reports whether a monitoring system runs the check. It also works for
// a command line that could not be parsed.
func wantsNagios(args []string) bool {
	return len(args) > 1 && args[1] == "check" && slices.ContainsFunc(args[2:], func(arg string) bool {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		return strings.HasPrefix(arg, "-") && name == "nagios" && value != "false"
	})
}

// expandIPFlags replaces -4 and -6 of a check by --ipv4 and --ipv6, since the
// parser takes them for numbers.
func expandIPFlags(args []string) []string {
	if len(args) < 2 || args[1] != "check" {
		return args
	}
	expanded := slices.Clone(args)
	for i, arg := range expanded {
		switch arg {
		case "-4":
			expanded[i] = "--ipv4"
		case "-6":
			expanded[i] = "--ipv6"
		case "--":
			return expanded
		}
	}
	return expanded
}
