package main

import (
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// checkup is one relay to check, and what came of it.
type checkup struct {
	name   string
	prober smtpprobe.Prober
	all    bool // every address of the host
	result *smtpprobe.Result
}

func (c *console) checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "probe relays now: phases, what was negotiated, the verdict and what to do",
		UsageText: "smtpprobe check [flags] URL...\nsmtpprobe check [flags] --config FILE [--relay NAME]...",
		Description: "URLs are smtp://host[:25], submission://host[:587], smtps://host[:465], lmtp://host[:24],\n" +
			"lmtp:///path/to/socket and mx://domain. Exit status: 0 all well, 1 a probe failed, 2 usage;\n" +
			"with --nagios 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n" +
			"A password comes from " + passwordVariable + ", --password-file or the terminal, a token from " + tokenVariable + ".",
		Flags:  checkFlags(),
		Action: c.check,
	}
}

func checkFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "check the relays of this configuration `FILE` instead"},
		&cli.StringSliceFlag{Name: "relay", Usage: "with --config: this relay only; may be repeated"},
		&cli.BoolFlag{Name: nonStrictFlag, Usage: "with --config: replace environment variables outside of strings too"},
		&cli.BoolFlag{Name: "transcript", Usage: "show the conversation, secrets masked"},
		&cli.BoolFlag{Name: "json", Usage: "write an array with an object per relay"},
		&cli.BoolFlag{Name: "nagios", Usage: "write a line for a monitoring system, with performance data"},
		&cli.DurationFlag{Name: "warning", Usage: "with --nagios: warn of a probe that takes longer", DefaultText: "off"},
		&cli.DurationFlag{Name: "critical", Usage: "with --nagios: a probe that takes longer is critical", DefaultText: "off"},
		&cli.IntFlag{Name: "cert-warning", Usage: "with --nagios: warn of a certificate with fewer `DAYS` left", Value: 14},
		&cli.IntFlag{Name: "cert-critical", Usage: "with --nagios: a certificate with fewer `DAYS` left is critical", Value: 3},
	}, settingFlags()...)
}

// check probes, then reports. What is wrong with the command line or the
// configuration is status 2, as usage: nothing was probed.
func (c *console) check(ctx *cli.Context) error {
	err := c.checkAndReport(ctx)
	var exit *exitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return &exitError{status: statusUsage, err: err}
}

func (c *console) checkAndReport(ctx *cli.Context) error {
	if ctx.Bool("json") && ctx.Bool("nagios") {
		return errors.New("--json and --nagios exclude each other")
	}
	limits, err := newThresholds(ctx)
	if err != nil {
		return err
	}
	relays, err := c.chosenRelays(ctx)
	if err != nil {
		return err
	}
	for _, relay := range relays {
		relay.prober.Plan.Transcript = ctx.Bool("transcript")
	}
	checked := c.probeAll(ctx.Context, relays)

	switch {
	case ctx.Bool("nagios"):
		if state := printNagios(c.stdout, checked, limits); state != nagiosOK {
			return &exitError{status: int(state)}
		}
		return nil
	case ctx.Bool("json"):
		err = printJSON(c.stdout, checked)
	default:
		err = c.printReports(checked)
	}
	if err != nil {
		return &exitError{status: statusFailed, err: err}
	}
	if slices.ContainsFunc(checked, func(c *checkup) bool { return !c.result.Expected }) {
		return &exitError{status: statusFailed}
	}
	return nil
}
