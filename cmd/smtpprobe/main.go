// Command smtpprobe runs the smtpprobe input for a stock Telegraf (inputs.execd). Its
// commands check relays now, render reports and explain failures.
//
// The package parses the command line. Packages execd, check, report and explain
// implement the commands.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/execd"
)

func main() {
	// A write to a closed pipe then returns an error, which ends the command.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args, console.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// run runs the program and returns its exit status. The first signal cancels the
// command, which has a few seconds to end; the second one kills the process.
func run(args []string, streams console.Streams) int {
	ctx, stop := untilSignal(context.Background())
	defer stop()

	c := &commands{streams}
	done := make(chan error, 1)
	go func() { done <- c.app().Run(ctx, expandIPFlags(args)) }()
	select {
	case err := <-done:
		return c.exit(args, err)
	case <-after(ctx, execd.Grace+1500*time.Millisecond):
		return statusFailed // the command is blocked, such as by a reader of its output that does not read
	}
}

// untilSignal returns a context that the first SIGINT or SIGTERM cancels. The
// second one kills the process, even if SIGINT is ignored, as in the background
// jobs of a shell.
func untilSignal(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 1; ; n++ {
			select {
			case s := <-signals:
				if n > 1 {
					kill(s)
				}
				cancel()
			case <-done:
				return
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		signal.Stop(signals)
		close(done)
		cancel()
	})
}

// kill ends the process by the default action of the signal. If the signal is
// ignored, it exits with the status that a shell reports for the signal.
func kill(s os.Signal) {
	signal.Reset(s)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Signal(s)                 //nolint:errcheck // the exit follows
		time.Sleep(100 * time.Millisecond) // the signal ends the process here, unless it is ignored
	}
	status := 128 + int(syscall.SIGINT)
	if n, ok := s.(syscall.Signal); ok {
		status = 128 + int(n)
	}
	os.Exit(status) //nolint:revive // the command is blocked
}

// after returns a channel that is closed when wait has passed since the end of ctx.
func after(ctx context.Context, wait time.Duration) <-chan struct{} {
	c := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(wait, func() { close(c) }) })
	return c
}

// exit writes the message of an error and returns the exit status.
func (c *commands) exit(args []string, err error) int {
	if err == nil {
		return statusOK
	}
	exit := &exitError{status: statusFailed, prefix: programPrefix, err: err}
	errors.As(err, &exit)
	switch {
	case exit.err == nil:
		return exit.status
	case errors.Is(err, syscall.EPIPE) && exit.prefix == programPrefix:
		return statusOK // the reader has read enough, as head does
	case errors.Is(err, context.Canceled):
		exit.status, exit.err = statusFailed, errors.New("interrupted")
	}
	text := console.Redact(exit.err.Error())
	if wantsNagios(args) {
		check.NagiosUnknown(c.Out, text)
		return int(check.Unknown)
	}
	console.Say(c.Err, exit.prefix+text)
	return exit.status
}
