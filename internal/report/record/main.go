// Command record plays a story with scripted relays in front of the real
// program and writes its line protocol, from which the pictures of the
// documentation are made:
//
//	go run ./internal/report/record -program bin/smtpprobe >story.lp
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

// record probes once in every round, as Telegraf would by inputs.execd.
func record(program string, interval time.Duration, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stage, err := newStage(dir)
	if err != nil {
		return err
	}
	defer stage.close()
	config := filepath.Join(dir, "smtpprobe.conf")
	if err := os.WriteFile(config, []byte(stage.config()), 0o600); err != nil {
		return err
	}

	probing := exec.CommandContext(ctx, program, "--config", config)
	probing.Stdout, probing.Stderr = out, os.Stderr
	cues, err := probing.StdinPipe()
	if err != nil {
		return err
	}
	if err := probing.Start(); err != nil {
		return err
	}
	next := time.NewTicker(interval)
	defer next.Stop()
	for round := range rounds {
		if err := stage.begin(round); err != nil {
			break
		}
		if _, err := fmt.Fprintln(cues); err != nil {
			break
		}
		select {
		case <-next.C:
		case <-ctx.Done():
		}
	}
	if err := cues.Close(); err != nil {
		return err
	}
	return probing.Wait()
}
