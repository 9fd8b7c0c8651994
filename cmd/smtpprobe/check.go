package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
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
	switch {
	case o.json && o.nagios:
		return usageError("--json and --nagios exclude each other")
	case o.follow < 0:
		return usageError("--follow %v: must not be negative", o.follow)
	case o.follow != 0 && o.nagios:
		return usageError("--follow and --nagios exclude each other")
	case o.follow == 0 && (o.mailbox != "" || o.mailboxUsername != ""):
		return usageError("--mailbox needs --follow")
	case o.follow != 0 && o.config == "" && o.mailbox == "":
		return usageError("--follow needs --mailbox, or a mailbox in --config")
	}
	limits, err := o.thresholds(cmd)
	if err != nil {
		return err
	}
	relays, err := c.chosenRelays(ctx, cmd, o)
	if err != nil {
		return err
	}
	outcomes, err := c.probe(ctx, relays, o)
	if err != nil {
		return err
	}
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

// probe probes the relays, or follows the message of one.
func (c *commands) probe(ctx context.Context, relays []check.Relay, o *checkOptions) ([]check.Outcome, error) {
	if o.follow == 0 {
		return check.Probe(ctx, relays, o.transcript, c.Err), nil
	}
	if len(relays) != 1 {
		return nil, usageError("--follow follows the message of one relay: choose it with --relay")
	}
	outcome, err := check.Follow(ctx, &relays[0], o.follow, o.transcript, c.Err)
	if err != nil {
		return nil, usageError("--follow: %w", err)
	}
	return []check.Outcome{outcome}, nil
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
	for _, arg := range cmd.Args().Slice() { // the parser takes -4 for a number
		if strings.HasPrefix(arg, "-") {
			return nil, usageError("unknown flag %s; see smtpprobe check --help", console.OneLine(arg))
		}
	}
	if err := c.login(ctx, o); err != nil {
		return nil, err
	}
	if !cmd.IsSet("policy") && o.canJudge() && slices.ContainsFunc(cmd.Args().Slice(), isDomain) {
		o.settings.Policy = "report"
	}
	relays, err := check.FromURLs(cmd.Args().Slice(), &o.settings, o.mailboxes()...)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return relays, nil
}

// mailboxes is the mailbox of the command line, if there is one.
func (o *checkOptions) mailboxes() []*plugin.Mailbox {
	if o.mailbox == "" {
		return nil
	}
	if o.mailboxUsername == "" {
		return []*plugin.Mailbox{plugin.NewMailbox(o.mailbox, &o.settings, nil, nil)}
	}
	return []*plugin.Mailbox{plugin.NewMailbox(o.mailbox, &o.settings, secret(o.mailboxUsername), secret(os.Getenv(mailboxVariable)))}
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

// canJudge reports whether the settings permit to judge sessions by DANE and
// MTA-STS. On Windows, the system's name servers cannot be asked for that.
func (o *checkOptions) canJudge() bool {
	s := &o.settings
	return s.STARTTLS != "never" && s.Probe != "connect" && (s.DNSServer != "" || runtime.GOOS != "windows")
}

// isDomain reports whether a URL is that of a mail domain.
func isDomain(url string) bool { return strings.HasPrefix(strings.ToLower(url), "mx://") }
