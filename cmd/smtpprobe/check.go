package main

import (
	"context"
	"errors"
	"io"
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
		Usage:     "probe relays now: the verdict, what to do, each phase and what was negotiated",
		UsageText: "smtpprobe check [flags] URL...\nsmtpprobe check [flags] --config FILE [--relay NAME]...",
		Description: "URLs are smtp://host[:25], submission://host[:587], smtps://host[:465], lmtp://host[:24],\n" +
			"lmtp:///path/to/socket and mx://domain; a host without a scheme is smtp://host.\n\n" +
			"Exit status: 0 if every probe had the expected outcome, 1 if a probe failed or the configuration\n" +
			"is wrong, 2 if the command line is wrong; with --nagios 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n\n" +
			"A password comes from " + passwordVariable + ", --password-file or the terminal, a token\n" +
			"from " + tokenVariable + ".",
		Flags:  o.flags(),
		Action: func(ctx context.Context, cmd *cli.Command) error { return c.check(ctx, cmd, o) },
	}
}

// check probes relays once, or repeatedly, and shows the outcomes.
func (c *commands) check(ctx context.Context, cmd *cli.Command, o *checkOptions) error {
	if err := o.validate(cmd); err != nil {
		return err
	}
	limits, err := o.thresholds(cmd)
	if err != nil {
		return err
	}
	relays, err := c.chosenRelays(ctx, cmd, o)
	if err != nil {
		return err
	}
	if cmd.IsSet("watch") {
		return c.watch(ctx, relays, o)
	}
	out, progress := c.Out, c.Err
	if o.quiet {
		out, progress = io.Discard, io.Discard
	}
	outcomes, err := probe(ctx, relays, o, progress)
	if err != nil {
		return err
	}
	if o.nagios {
		state, err := check.Nagios(out, outcomes, limits)
		return exitStatus(int(state), err)
	}
	status := statusOK
	if !check.AllSucceeded(outcomes) {
		status = statusFailed
	}
	if o.json {
		return exitStatus(status, check.JSON(out, outcomes))
	}
	return exitStatus(status, check.Report(out, outcomes))
}

// exclusive lists pairs of flags that exclude each other.
var exclusive = [][2]string{
	{"json", "nagios"},
	{"quiet", "json"},
	{"quiet", "transcript"},
	{"follow", "nagios"},
	{"watch", "follow"},
	{"watch", "nagios"},
	{"watch", "quiet"},
	{"ipv4", "ipv6"},
	{"ipv4", "ip-version"},
	{"ipv6", "ip-version"},
}

// validate checks how the flags go together.
func (o *checkOptions) validate(cmd *cli.Command) error {
	present := map[string]bool{
		"json": o.json, "nagios": o.nagios, "quiet": o.quiet, "transcript": o.transcript, "follow": o.follow != 0,
		"watch": cmd.IsSet("watch"), "ipv4": o.ipv4, "ipv6": o.ipv6, "ip-version": cmd.IsSet("ip-version"),
	}
	for _, pair := range exclusive {
		if present[pair[0]] && present[pair[1]] {
			return usageError("--%s and --%s exclude each other", pair[0], pair[1])
		}
	}
	switch {
	case o.follow < 0:
		return usageError("--follow %v: must not be negative", o.follow)
	case o.follow == 0 && (o.mailbox != "" || o.mailboxUsername != ""):
		return usageError("--mailbox needs --follow")
	case o.follow != 0 && o.config == "" && o.mailbox == "":
		return usageError("--follow needs --mailbox, or a mailbox in --config")
	case o.mailboxUsername != "" && o.mailbox == "":
		return usageError("--mailbox-username needs --mailbox")
	case o.mailboxUsername != "" && os.Getenv(mailboxVariable) == "":
		return usageError("--mailbox-username needs the password in " + mailboxVariable)
	}
	if cmd.IsSet("watch") {
		for _, arg := range cmd.Args().Slice() {
			if _, err := time.ParseDuration(arg); err == nil {
				return usageError("--watch %s needs an equals sign: --watch=%[1]s", arg)
			}
		}
	}
	return nil
}

// watch probes the relays repeatedly until a signal cancels ctx.
func (c *commands) watch(ctx context.Context, relays []check.Relay, o *checkOptions) error {
	if err := check.ValidateInterval(relays, o.watch); err != nil {
		return usageError("--watch: %w", err)
	}
	log := check.NewLog(c.Out)
	show, end := log.Write, log.Close
	if o.json {
		show = func(outcomes []check.Outcome) error {
			log.Add(outcomes)
			return check.JSONLines(c.Out, outcomes)
		}
		end = func() error { return nil }
	}
	probe := func(ctx context.Context) []check.Outcome { return check.Probe(ctx, relays, o.transcript, io.Discard) }
	err := check.Watch(ctx, o.watch, probe, show)
	if err == nil {
		err = end()
	}
	status := statusFailed
	if log.Succeeded() {
		status = statusOK
	}
	return exitStatus(status, err)
}

// probe probes the relays, or one relay whose message it follows.
func probe(ctx context.Context, relays []check.Relay, o *checkOptions, progress io.Writer) ([]check.Outcome, error) {
	if o.follow == 0 {
		return check.Probe(ctx, relays, o.transcript, progress), nil
	}
	if len(relays) != 1 {
		return nil, usageError("--follow follows the message of one relay: choose it with --relay")
	}
	outcome, err := check.Follow(ctx, &relays[0], o.follow, o.transcript, progress)
	if err != nil {
		return nil, usageError("--follow: %w", err)
	}
	return []check.Outcome{outcome}, nil
}

// exitStatus returns the error that ends the program with a status, or err if the
// output could not be written. A reader that closes the pipe, as head does, is not
// an error.
func exitStatus(status int, err error) error {
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	if status == statusOK {
		return nil
	}
	return &exitError{status: status}
}

// thresholds returns the thresholds for --nagios.
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

// chosenRelays returns the relays of the command line or of a configuration.
func (c *commands) chosenRelays(ctx context.Context, cmd *cli.Command, o *checkOptions) ([]check.Relay, error) {
	execd.ProtectSecrets() // a process as short as this one works without, too
	if o.config != "" {
		return c.configuredRelays(ctx, cmd, o)
	}
	switch {
	case cmd.IsSet("relay"):
		return nil, usageError("--relay names a relay of --config")
	case !cmd.Args().Present():
		return nil, usageError("a URL or --config is needed; see smtpprobe check --help")
	}
	for _, arg := range cmd.Args().Slice() { // the parser takes -1 for a number
		if strings.HasPrefix(arg, "-") {
			return nil, usageError("unknown flag %s; see smtpprobe check --help", console.OneLine(arg))
		}
	}
	switch {
	case o.ipv4:
		o.settings.IPVersion = "ipv4"
	case o.ipv6:
		o.settings.IPVersion = "ipv6"
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

// mailboxes returns the mailbox of the command line, if there is one.
func (o *checkOptions) mailboxes() []*plugin.Mailbox {
	if o.mailbox == "" {
		return nil
	}
	if o.mailboxUsername == "" {
		return []*plugin.Mailbox{plugin.NewMailbox(o.mailbox, &o.settings, nil, nil)}
	}
	return []*plugin.Mailbox{plugin.NewMailbox(o.mailbox, &o.settings, secret(o.mailboxUsername), secret(os.Getenv(mailboxVariable)))}
}

// configuredRelays returns the relays of a configuration, or those that --relay
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

// canJudge reports whether the settings allow lookups of DANE and MTA-STS. On
// Windows they need dns_server, since the system's name servers are unknown.
func (o *checkOptions) canJudge() bool {
	s := &o.settings
	return s.STARTTLS != "never" && s.Probe != "connect" && (s.DNSServer != "" || runtime.GOOS != "windows")
}

// isDomain reports whether a URL names a mail domain.
func isDomain(url string) bool { return strings.HasPrefix(strings.ToLower(url), "mx://") }
