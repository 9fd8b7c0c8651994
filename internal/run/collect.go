package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/influxdata/telegraf/plugins/parsers/influx"
)

// stopLimit is how long Telegraf may take to stop the plugin, which it allows 5 s,
// and to flush its buffer.
const stopLimit = 10 * time.Second

// collect runs Telegraf until the context is canceled. It copies the line protocol
// to out and adds it to the summary.
func collect(ctx context.Context, out io.Writer, summary *outcomes, command []string) error {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	telegraf := exec.CommandContext(running, command[0], command[1:]...)
	telegraf.Stderr = os.Stderr
	telegraf.Cancel = func() error { return telegraf.Process.Signal(syscall.SIGTERM) }
	telegraf.WaitDelay = stopLimit
	lines, err := telegraf.StdoutPipe()
	if err != nil {
		return fmt.Errorf("preparing %s: %w", command[0], err)
	}
	if err := telegraf.Start(); err != nil {
		return fmt.Errorf("starting Telegraf: %w", err)
	}

	readErr := read(out, summary, lines)
	early := ctx.Err() == nil
	cancel()
	err = telegraf.Wait()
	switch {
	case readErr != nil:
		return readErr
	case early:
		return errors.Join(fmt.Errorf("%s exited early", command[0]), err)
	}
	return nil // err is about the signal that stopped it
}

func read(out io.Writer, summary *outcomes, lines io.Reader) error {
	parser := &influx.Parser{}
	if err := parser.Init(); err != nil {
		return fmt.Errorf("preparing the parser: %w", err)
	}
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		fmt.Fprintln(out, in.Text())
		fmt.Fprintln(&summary.lines, in.Text())
		m, err := parser.ParseLine(in.Text())
		if err != nil {
			return fmt.Errorf("reading %q: %w", in.Text(), err)
		}
		summary.add(m)
	}
	return in.Err()
}
