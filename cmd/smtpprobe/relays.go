package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

func (c *commands) relaysCommand() *cli.Command {
	o := &demo.Options{Base: demo.DefaultBase, Dir: ".cache/demo"}
	var limit time.Duration
	return &cli.Command{
		Name:  "relays",
		Usage: "run demonstration relays, each with one behavior, until Ctrl-C",
		Flags: []cli.Flag{
			number("base", "`PORT` of the first relay on 127.0.0.1; the others follow", &o.Base),
			text("dir", "write "+demo.CAFile+", the CA of the relays' certificates, to `DIR`", &o.Dir),
			span("for", "end after `DURATION`", &limit),
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			switch {
			case cmd.Args().Present():
				return noArguments(cmd)
			case o.Base < 1 || o.Base > 65000:
				return usageError("--base %d must be from 1 to 65000", o.Base)
			case limit < 0:
				return usageError("--for %s must not be negative", limit)
			case limit > 0:
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, limit)
				defer cancel()
			}
			return c.relays(ctx, *o)
		},
	}
}

// relays runs the demonstration relays until ctx is done.
func (c *commands) relays(ctx context.Context, o demo.Options) error {
	fleet, err := demo.Start(ctx, o)
	if errors.Is(err, syscall.EADDRINUSE) { // only the first of several
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
	fmt.Fprintf(table, "\ntls_ca = %q; Ctrl-C ends the relays\n", filepath.Join(o.Dir, demo.CAFile))
	if err := table.Flush(); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
