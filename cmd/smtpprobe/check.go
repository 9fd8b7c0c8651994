package main

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
)

func (c *commands) checkCommand() *cli.Command {
	o := newCheckOptions()
	return &cli.Command{
		Name:      "check",
		Usage:     "probe relays now: phases, what was negotiated, the verdict and what to do",
		UsageText: "smtpprobe check [flags] URL...\nsmtpprobe check [flags] --config FILE [--relay NAME]...",
		Description: "URLs are smtp://host[:25], submission://host[:587], smtps://host[:465], lmtp://host[:24],\n" +
			"lmtp:///path/to/socket and mx://domain; a host alone is smtp://host. Exit status: 0 all well,\n" +
			"1 a probe failed or the configuration is wrong, 2 usage; with --nagios 0 OK, 1 WARNING,\n" +
			"2 CRITICAL, 3 UNKNOWN. A password comes from " + passwordVariable + ", --password-file or the\n" +
			"terminal, a token from " + tokenVariable + ".",
		Flags:  o.flags(),
		Action: func(ctx context.Context, cmd *cli.Command) error { return c.check(ctx, cmd, o) },
	}
}

// check probes, then reports.
func (c *commands) check(ctx context.Context, cmd *cli.Command, o *checkOptions) error {
	if o.json && o.nagios {
		return usageError("--json and --nagios exclude each other")
	}
	limits, err := o.thresholds(cmd)
	if err != nil {
		return err
	}
	relays, err := c.chosenRelays(ctx, cmd, o)
	if err != nil {
		return err
	}
	outcomes := check.Probe(ctx, relays, o.transcript, c.Err)
	if o.nagios {
		state, err := check.Nagios(c.Out, outcomes, limits)
		return exitStatus(int(state), err)
	}
	status := statusOK
	if !check.AllSucceeded(outcomes) {
		status = statusFailed
	}
	if o.json {
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

func (o *checkOptions) thresholds(cmd *cli.Command) (*check.Thresholds, error) {
	for _, name := range []string{"warning", "critical", "cert-warning", "cert-critical"} {
		if cmd.IsSet(name) && !o.nagios {
			return nil, usageError("--%s is for --nagios", name)
		}
	}
	const day = 24 * time.Hour
	t := o.limits
	t.WarnCert, t.CritCert = time.Duration(o.certWarning)*day, time.Duration(o.certCritical)*day
	if err := t.Validate(); err != nil {
		return nil, usageError("%w", err)
	}
	return &t, nil
}

// chosenRelays are those of the command line, or of a configuration.
func (c *commands) chosenRelays(ctx context.Context, cmd *cli.Command, o *checkOptions) ([]check.Relay, error) {
	execd.ProtectSecrets() // or not: this process is short
	if o.config != "" {
		return c.configuredRelays(ctx, cmd, o)
	}
	switch {
	case cmd.IsSet("relay"):
		return nil, usageError("--relay names a relay of --config")
	case !cmd.Args().Present():
		return nil, usageError("a URL or --config is needed; see smtpprobe check --help")
	}
	if err := c.login(ctx, o); err != nil {
		return nil, err
	}
	relays, err := check.FromURLs(ctx, cmd.Args().Slice(), &o.settings)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return relays, nil
}

// configuredRelays are those of a configuration, or those of them that --relay
// names.
func (c *commands) configuredRelays(ctx context.Context, cmd *cli.Command, o *checkOptions) ([]check.Relay, error) {
	if cmd.Args().Present() {
		return nil, usageError("URLs and --config exclude each other")
	}
	for _, flag := range o.settingFlags() {
		if name := flag.Names()[0]; cmd.IsSet(name) {
			return nil, usageError("--%s and --config exclude each other: change the setting in the file", name)
		}
	}
	all, err := check.FromConfig(ctx, o.config, o.nonStrictEnv, c.Err)
	if err != nil {
		return nil, err
	}
	relays, err := check.Named(all, o.relays)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return relays, nil
}
