package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/explain"
)

func (c *commands) explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain a class or a reason: what happened, who acts, what to do",
		ArgsUsage: "[CLASS | REASON | CLASS/REASON]",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() > 1 {
				return usageError("unexpected argument %q", cmd.Args().Get(1))
			}
			name := cmd.Args().First()
			if err := explain.Write(c.Out, name); err != nil {
				return usageError("%w", err)
			}
			return nil
		},
	}
}
