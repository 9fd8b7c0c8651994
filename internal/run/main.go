// Command run shows the whole way at work, as `make run` does: the embedded
// relays, a stock Telegraf that runs the plugin through inputs.execd, its line
// protocol, and a summary by relay. It ends by itself and leaves no process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

func main() {
	duration := flag.Duration("duration", 30*time.Second, "how long to probe")
	telegraf := flag.String("telegraf", "bin/telegraf", "the Telegraf to run")
	config := flag.String("config", "sample.conf", "its configuration")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()
	if err := show(ctx, os.Stdout, *telegraf, "--quiet", "--strict-env-handling", "--config", *config); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to undo: show has ended what it started
	}
}

// caDir is where docs/demo/smtpprobe.conf looks for the relays' CA.
const caDir = ".cache/demo"

// show runs the relays and Telegraf until the context ends, then sums up.
func show(ctx context.Context, out io.Writer, command ...string) error {
	// They outlive the context, so that the last gather ends as the others did.
	relays, err := demo.Start(context.WithoutCancel(ctx), demo.Options{Dir: caDir})
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			first, _, _ := strings.Cut(err.Error(), "\n")
			return fmt.Errorf("%s (is another demonstration running?)", first)
		}
		return err
	}
	defer relays.Close()

	seen := make(summary)
	if err := collect(ctx, out, seen, command); err != nil {
		return err
	}
	if len(seen) == 0 {
		return fmt.Errorf("%s wrote no metric of smtpprobe", command[0])
	}
	fmt.Fprintln(out)
	return seen.print(out)
}
