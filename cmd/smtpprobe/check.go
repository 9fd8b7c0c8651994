package main

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
)

func (c *commands) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "probe relays now: phases, what was negotiated, the verdict and what to do",
		UsageText: "smtpprobe check [flags] URL...\nsmtpprobe check [flags] --config FILE [--relay NAME]...",
		Description: "URLs are smtp://host[:25], submission://host[:587], smtps://host[:465], lmtp://host[:24],\n" +
			"lmtp:///path/to/socket and mx://domain; a host alone is smtp://host. Exit status: 0 all well,\n" +
			"1 a probe failed or the configuration is wrong, 2 usage; with --nagios 0 OK, 1 WARNING,\n" +
			"2 CRITICAL, 3 UNKNOWN. A password comes from " + passwordVariable + ", --password-file or the\n" +
			"terminal, a token from " + tokenVariable + ".",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "config", Usage: "check the relays of this configuration `FILE` instead"},
			&cli.StringSliceFlag{Name: "relay", Usage: "with --config: this relay only, by `NAME`; may be repeated"},
			&cli.BoolFlag{Name: nonStrictFlag, Usage: "with --config: replace environment variables outside of strings too", HideDefault: true},
			&cli.BoolFlag{Name: "transcript", Usage: "show the conversation, secrets masked", HideDefault: true},
			&cli.BoolFlag{Name: "json", Usage: "write an array with an object for each outcome", HideDefault: true},
			&cli.BoolFlag{Name: "nagios", Usage: "write a line for a monitoring system, with performance data", HideDefault: true},
			durationFlag("warning", "off", "with --nagios: warn of a probe that takes longer than `DURATION`"),
			durationFlag("critical", "off", "with --nagios: a probe that takes longer than `DURATION` is critical"),
			&cli.IntFlag{Name: "cert-warning", Usage: "with --nagios: warn of a certificate with fewer `DAYS` left", Value: 14},
			&cli.IntFlag{Name: "cert-critical", Usage: "with --nagios: a certificate with fewer `DAYS` left is critical", Value: 3},
		}, settingFlags()...),
		Action: c.check,
	}
}

// check probes, then reports.
func (c *commands) check(ctx context.Context, cmd *cli.Command) error {
	if cmd.Bool("json") && cmd.Bool("nagios") {
		return usageError("--json and --nagios exclude each other")
	}
	limits, err := thresholds(cmd)
	if err != nil {
		return err
	}
	relays, err := c.chosenRelays(ctx, cmd)
	if err != nil {
		return err
	}
	outcomes := check.Probe(ctx, relays, cmd.Bool("transcript"), c.Err)
	if cmd.Bool("nagios") {
		state, err := check.Nagios(c.Out, outcomes, limits)
		return exitStatus(int(state), err)
	}
	status := statusOK
	if !check.AllSucceeded(outcomes) {
		status = statusFailed
	}
	if cmd.Bool("json") {
		return exitStatus(status, check.JSON(c.Out, outcomes))
	}
	return exitStatus(status, check.Report(c.Out, outcomes))
}

// exitStatus ends with a status, unless the output could not be written. That
// its reader has read enough is no error.
func exitStatus(status int, err error) error {
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	if status == statusOK {
		return nil
	}
	return &exitError{status: status}
}

func thresholds(cmd *cli.Command) (*check.Thresholds, error) {
	for _, name := range []string{"warning", "critical", "cert-warning", "cert-critical"} {
		if cmd.IsSet(name) && !cmd.Bool("nagios") {
			return nil, usageError("--%s is for --nagios", name)
		}
	}
	const day = 24 * time.Hour
	t := &check.Thresholds{
		WarnTime: duration(cmd, "warning"), CritTime: duration(cmd, "critical"),
		WarnCert: time.Duration(cmd.Int("cert-warning")) * day, CritCert: time.Duration(cmd.Int("cert-critical")) * day,
	}
	if err := t.Validate(); err != nil {
		return nil, usageError("%w", err)
	}
	return t, nil
}

// chosenRelays are those of the command line, or of a configuration.
func (c *commands) chosenRelays(ctx context.Context, cmd *cli.Command) ([]check.Relay, error) {
	execd.ProtectSecrets() // or not: this process is short
	switch path := cmd.String("config"); {
	case path != "" && cmd.Args().Present():
		return nil, usageError("URLs and --config exclude each other")
	case path != "":
		for _, flag := range settingFlags() {
			if name := flag.Names()[0]; cmd.IsSet(name) {
				return nil, usageError("--%s and --config exclude each other: set %s in the file", name, strings.ReplaceAll(name, "-", "_"))
			}
		}
		return c.configuredRelays(ctx, cmd, path)
	case cmd.IsSet("relay"):
		return nil, usageError("--relay names a relay of --config")
	case !cmd.Args().Present():
		return nil, usageError("a URL or --config is needed; see smtpprobe check --help")
	}
	settings, err := c.settings(ctx, cmd)
	if err != nil {
		return nil, err
	}
	relays, err := check.FromURLs(ctx, cmd.Args().Slice(), settings)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return relays, nil
}

// configuredRelays are those of a configuration, or those of them that --relay
// names.
func (c *commands) configuredRelays(ctx context.Context, cmd *cli.Command, path string) ([]check.Relay, error) {
	all, err := check.FromConfig(ctx, path, cmd.Bool(nonStrictFlag), c.Err)
	if err != nil {
		return nil, err
	}
	relays, err := check.Named(all, cmd.StringSlice("relay"))
	if err != nil {
		return nil, usageError("%w", err)
	}
	return relays, nil
}
