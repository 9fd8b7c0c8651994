// Command record runs the program against scripted relays that fail at times, and
// writes its line protocol. The pictures of the documentation are made from it:
//
//	go run ./internal/report/record -program bin/smtpprobe >results.lp
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	program := flag.String("program", "bin/smtpprobe", "the `FILE` of the program that probes")
	interval := flag.Duration("interval", 400*time.Millisecond, "time between gathers")
	flag.Parse()
	if err := record(*program, *interval, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// lastGather is the time that the last gather has to finish, also on a busy machine.
// The end of standard input would cancel it.
const lastGather = 3 * time.Second

// record runs the program as Telegraf does through inputs.execd, with a gather for
// each round of the scenario.
func record(program string, interval time.Duration, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fleet, err := newFleet(dir)
	if err != nil {
		return err
	}
	defer fleet.close()
	config := filepath.Join(dir, "smtpprobe.conf")
	if err := os.WriteFile(config, []byte(fleet.config()), 0o600); err != nil {
		return err
	}

	prober := exec.CommandContext(ctx, program, "--config", config)
	prober.Stdout, prober.Stderr = out, os.Stderr
	stdin, err := prober.StdinPipe()
	if err != nil {
		return err
	}
	if err := prober.Start(); err != nil {
		return err
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for round := range rounds {
		if err := fleet.begin(round); err != nil {
			break
		}
		if _, err := fmt.Fprintln(stdin); err != nil {
			break
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	select {
	case <-time.After(lastGather):
	case <-ctx.Done():
	}
	if err := stdin.Close(); err != nil {
		return err
	}
	return prober.Wait()
}
