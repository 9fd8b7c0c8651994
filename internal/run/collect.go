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

// patience is how long Telegraf may take to stop its input, whose own limit is
// 5 s, and to write its buffer.
const patience = 10 * time.Second

// collect runs Telegraf until the context ends, and copies its line protocol to
// out and to the summary.
func collect(ctx context.Context, out io.Writer, seen *outcomes, command []string) error {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	telegraf := exec.CommandContext(running, command[0], command[1:]...)
	telegraf.Stderr = os.Stderr
	telegraf.Cancel = func() error { return telegraf.Process.Signal(syscall.SIGTERM) }
	telegraf.WaitDelay = patience
	lines, err := telegraf.StdoutPipe()
	if err != nil {
		return fmt.Errorf("preparing %s: %w", command[0], err)
	}
	if err := telegraf.Start(); err != nil {
		return fmt.Errorf("starting Telegraf: %w", err)
	}

	readErr := read(out, seen, lines)
	early := ctx.Err() == nil
	cancel()
	err = telegraf.Wait()
	switch {
	case readErr != nil:
		return readErr
	case early:
		return errors.Join(fmt.Errorf("%s ended early", command[0]), err)
	}
	return nil // err is the signal that we sent
}

func read(out io.Writer, seen *outcomes, lines io.Reader) error {
	parser := &influx.Parser{}
	if err := parser.Init(); err != nil {
		return fmt.Errorf("preparing to read line protocol: %w", err)
	}
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		fmt.Fprintln(out, in.Text())
		fmt.Fprintln(&seen.lines, in.Text())
		m, err := parser.ParseLine(in.Text())
		if err != nil {
			return fmt.Errorf("reading %q: %w", in.Text(), err)
		}
		seen.add(m)
	}
	return in.Err()
}
