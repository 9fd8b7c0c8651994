package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v3"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/report"
)

func (c *commands) reportCommand() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "render results in line protocol as an HTML page",
		UsageText: "smtpprobe report --output FILE RESULTS...\nsmtpprobe report RESULTS... >FILE\n\n" +
			"RESULTS is a file of outputs.file or smtpprobe --once; - is standard input.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE` instead of standard output"},
		},
		Action: c.report,
	}
}

func (c *commands) report(ctx context.Context, cmd *cli.Command) error {
	output := cmd.String("output")
	switch {
	case !cmd.Args().Present():
		return usageError("report needs a file of results; see smtpprobe report --help")
	case output == "" && console.IsTerminal(c.Out):
		return usageError("report does not write HTML to a terminal: name a file with --output, or redirect standard output")
	}
	r := report.New()
	for _, name := range cmd.Args().Slice() {
		if err := c.readResults(ctx, r, name); err != nil {
			return err
		}
	}
	if output == "" {
		return r.WriteHTML(c.Out)
	}
	return replaceFile(output, r.WriteHTML)
}

// readResults reads a file. A signal interrupts it, also while it waits for input.
func (c *commands) readResults(ctx context.Context, r *report.Report, name string) error {
	if name == "-" {
		return r.Read("standard input", console.WithContext(ctx, c.In))
	}
	f, err := console.Await(ctx, func() (*os.File, error) { return os.Open(name) })
	if err != nil {
		return err
	}
	defer f.Close()
	return r.Read(name, console.WithContext(ctx, f))
}

// replaceFile writes a file atomically. On an error, an existing file stays as it is.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing %s: %w", name, err)
		}
	}()
	temporary := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d", filepath.Base(name), os.Getpid()))
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // the umask applies, as to a redirection
	if err != nil {
		return err
	}
	defer os.Remove(temporary) // unless it was renamed
	buffered := bufio.NewWriter(f)
	if err = write(buffered); err == nil {
		err = buffered.Flush()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
