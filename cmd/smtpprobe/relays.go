package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

func (c *console) relaysCommand() *cli.Command {
	return &cli.Command{
		Name:  "relays",
		Usage: "run demonstration relays, each with one behaviour, until Ctrl-C",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "base", Usage: "`PORT` of the first relay on 127.0.0.1, the others follow", Value: demo.DefaultBase},
			&cli.StringFlag{Name: "dir", Usage: "`DIR` for " + demo.CAFile + ", which the relays' certificates verify with", Value: ".cache/demo"},
			&cli.DurationFlag{Name: "for", Usage: "end after this time (0s: do not)"},
		},
		Action: c.relays,
	}
}

func (c *console) relays(ctx *cli.Context) error {
	if err := noArguments(ctx); err != nil {
		return err
	}
	base, duration := ctx.Int("base"), ctx.Duration("for")
	if base < 1 || base > 65000 {
		return usageError("--base %d is no port with room for the relays after it (1 to 65000)", base)
	}
	if duration < 0 {
		return usageError("--for %s must not be negative", duration)
	}
	running, cancel := ctx.Context, func() {}
	if duration > 0 {
		running, cancel = context.WithTimeout(ctx.Context, duration)
	}
	defer cancel()

	fleet, err := demo.Start(running, demo.Options{Base: base, Dir: ctx.String("dir")})
	if err != nil {
		return demoError(err)
	}
	defer fleet.Close()

	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tURL\tWHAT IT DOES\tSETTINGS")
	for _, r := range fleet.Relays() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Name, r.URL, r.Description, strings.Join(r.Settings, ", "))
	}
	fmt.Fprintf(table, "\ntls_ca = %q; Ctrl-C ends the relays\n", filepath.Join(ctx.String("dir"), demo.CAFile))
	if err := table.Flush(); err != nil {
		return err
	}
	<-running.Done()
	return nil
}

// demoError is one line about ports that are taken, however many they are.
func demoError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("%s (is another demonstration running?)", first)
	}
	return err
}
