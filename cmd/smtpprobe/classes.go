package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/explain"
)

func (c *commands) classesCommand() *cli.Command {
	var markdown, asJSON bool
	return &cli.Command{
		Name:  "classes",
		Usage: "print the classes of failures and what to do about each",
		Flags: []cli.Flag{
			toggle("markdown", "as a Markdown table", &markdown),
			toggle("json", "as JSON", &asJSON),
		},
		Action: func(_ context.Context, cmd *cli.Command) error {
			switch {
			case cmd.Args().Present():
				return noArguments(cmd)
			case markdown && asJSON:
				return usageError("--markdown and --json exclude each other")
			case markdown:
				return explain.ClassTable(c.Out)
			case asJSON:
				return explain.ClassesJSON(c.Out)
			}
			return explain.Classes(c.Out)
		},
	}
}
