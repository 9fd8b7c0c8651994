package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/influxdata/telegraf"
	"github.com/urfave/cli/v2"

	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

// chosenRelays are those of the command line or of a configuration, checked
// and made into probers by the plugin itself, so that both agree.
func (c *console) chosenRelays(ctx *cli.Context) ([]*checkup, error) {
	plugins, err := c.chosenPlugins(ctx)
	if err != nil {
		return nil, err
	}
	wanted := ctx.StringSlice("relay")
	var all []*checkup
	for _, p := range plugins {
		configured, err := p.Configured(ctx.Context)
		if err != nil {
			return nil, err
		}
		for _, relay := range configured {
			if len(wanted) == 0 || slices.Contains(wanted, relay.Name) {
				all = append(all, &checkup{name: relay.Name, prober: relay.Prober, all: relay.AllAddresses})
			}
		}
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(c *checkup) bool { return c.name == name }) {
			return nil, fmt.Errorf("--relay %q: %s has no relay of that name", name, ctx.String("config"))
		}
	}
	return all, nil
}

func (c *console) chosenPlugins(ctx *cli.Context) ([]*plugin.SMTPProbe, error) {
	protectSecrets() // or not: this process is short
	if ctx.String("config") != "" {
		return c.configuredPlugins(ctx)
	}
	switch {
	case ctx.IsSet("relay"):
		return nil, errors.New("--relay names a relay of --config")
	case !ctx.Args().Present():
		return nil, errors.New("a URL or --config is needed; see smtpprobe check --help")
	}
	settings, err := c.settingsFrom(ctx)
	if err != nil {
		return nil, err
	}
	p := plugin.New()
	p.Servers, p.Settings = ctx.Args().Slice(), *settings
	if err := p.Init(); err != nil {
		return nil, err
	}
	return []*plugin.SMTPProbe{p}, nil
}

// configuredPlugins are those of a configuration, which says how to probe.
func (c *console) configuredPlugins(ctx *cli.Context) ([]*plugin.SMTPProbe, error) {
	if ctx.Args().Present() {
		return nil, fmt.Errorf("%q: URLs and --config exclude each other", ctx.Args().First())
	}
	for _, flag := range settingFlags() {
		if name := flag.Names()[0]; ctx.IsSet(name) {
			return nil, fmt.Errorf("--%s and --config exclude each other: set %s in the file", name, strings.ReplaceAll(name, "-", "_"))
		}
	}
	log, err := newStderrLog(c.stderr, telegraf.Warn)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	inputs, err := loadInputs(ctx.String("config"), ctx.Bool(nonStrictFlag))
	if err != nil {
		return nil, err
	}
	log.loaded(inputs)
	plugins := make([]*plugin.SMTPProbe, 0, len(inputs))
	for _, in := range inputs {
		p, ok := in.Input.(*plugin.SMTPProbe)
		if !ok {
			return nil, fmt.Errorf("%s is no input of this program", in.LogName())
		}
		plugins = append(plugins, p)
	}
	return plugins, nil
}
