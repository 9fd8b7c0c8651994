package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	plugin "github.com/smtpprobe/telegraf-smtpprobe/plugins/inputs/smtpprobe"
)

func (c *commands) sampleConfigCommand() *cli.Command {
	return &cli.Command{
		Name:  "sample-config",
		Usage: "print the plugin's sample configuration",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			_, err := fmt.Fprint(c.Out, plugin.New().SampleConfig())
			return err
		},
	}
}
