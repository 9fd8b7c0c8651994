package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

func (c *commands) relaysCommand() *cli.Command {
	return &cli.Command{
		Name:  "relays",
		Usage: "run demonstration relays, each with one behavior, until Ctrl-C",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "base", Usage: "`PORT` of the first relay on 127.0.0.1, the others follow", Value: demo.DefaultBase},
			&cli.StringFlag{Name: "dir", Usage: "`DIR` for " + demo.CAFile + ", which verifies the relays' certificates", Value: ".cache/demo"},
			durationFlag("for", "until Ctrl-C", "`DURATION` after which to end"),
		},
		Action: c.relays,
	}
}

func (c *commands) relays(ctx context.Context, cmd *cli.Command) error {
	if err := noArguments(cmd); err != nil {
		return err
	}
	base, limit := cmd.Int("base"), duration(cmd, "for")
	if base < 1 || base > 65000 {
		return usageError("--base %d must be from 1 to 65000", base)
	}
	if limit < 0 {
		return usageError("--for %s must not be negative", limit)
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	fleet, err := demo.Start(ctx, demo.Options{Base: base, Dir: cmd.String("dir")})
	if errors.Is(err, syscall.EADDRINUSE) { // one line, however many ports are taken
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("%s (is another demonstration running?)", first)
	}
	if err != nil {
		return err
	}
	defer fleet.Close()

	table := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tURL\tWHAT IT DOES\tSETTINGS")
	for _, r := range fleet.Relays() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Name, r.URL, r.Description, strings.Join(r.Settings, ", "))
	}
	fmt.Fprintf(table, "\ntls_ca = %q; Ctrl-C ends the relays\n", filepath.Join(cmd.String("dir"), demo.CAFile))
	if err := table.Flush(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
