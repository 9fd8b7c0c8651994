package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

func (c *console) sampleConfigCommand() *cli.Command {
	return &cli.Command{
		Name:  "sample-config",
		Usage: "print the plugin's sample configuration",
		Action: func(ctx *cli.Context) error {
			if err := noArguments(ctx); err != nil {
				return err
			}
			_, err := fmt.Fprint(c.stdout, plugin.New().SampleConfig())
			return err
		},
	}
}
