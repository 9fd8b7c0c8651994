package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/report"
)

func (c *console) reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "turn results in line protocol into a page of HTML",
		UsageText: "smtpprobe report [--output FILE] FILE...\n\nFILE is what outputs.file or smtpprobe --once wrote; - is standard input.",
		Flags:     reportFlags(),
		Action: func(ctx *cli.Context) error {
			if !ctx.Args().Present() {
				return usageError("report needs a file of results; see smtpprobe report --help")
			}
			r := report.New()
			for _, name := range ctx.Args().Slice() {
				if err := c.readResults(r, name); err != nil {
					return err
				}
			}
			if ctx.String("output") == "" {
				return r.WriteHTML(c.stdout)
			}
			return replaceFile(ctx.String("output"), r.WriteHTML)
		},
	}
}

func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"},
	}
}

func (c *console) readResults(r *report.Report, name string) error {
	if name == "-" {
		return r.Read("standard input", c.stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Read(name, f)
}

// replaceFile writes a file whole, or leaves the one that is there.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", name, err)
		}
	}()
	f, err := os.CreateTemp(filepath.Dir(name), ".smtpprobe-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it was renamed
	buffered := bufio.NewWriter(f)
	if err = write(buffered); err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
