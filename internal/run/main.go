// Command run shows the whole chain at work, as `make run` does: the embedded
// relays, a stock Telegraf that runs the plugin through inputs.execd, a table
// of the outcomes, and a report. It ends by itself and leaves no process.
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

	"github.com/smtpprobe/telegraf-smtpprobe/internal/report"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

// showMetrics is the environment variable that shows the line protocol too.
const showMetrics = "RUN_METRICS"

func main() {
	duration := flag.Duration("duration", 30*time.Second, "how long to probe")
	telegraf := flag.String("telegraf", "bin/telegraf", "the Telegraf to run")
	config := flag.String("config", "sample.conf", "its configuration")
	page := flag.String("report", "report.html", "the file for the report")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal kills
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()

	r := &run{out: os.Stdout, metrics: io.Discard, page: *page}
	if os.Getenv(showMetrics) != "" {
		r.metrics = os.Stdout
	}
	fmt.Fprintf(os.Stderr, "probing the demonstration relays for %s (%s=1 shows the metrics)\n", *duration, showMetrics)
	if err := r.show(ctx, *telegraf, "--quiet", "--strict-env-handling", "--config", *config); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to undo: show has ended what it started
	}
}

// caDir is where docs/demo/smtpprobe.conf looks for the relays' CA.
const caDir = ".cache/demo"

// run is one demonstration.
type run struct {
	out     io.Writer // the table
	metrics io.Writer // the line protocol
	page    string    // the file of the report
}

// show runs the relays and Telegraf until the context ends, then sums up.
func (r *run) show(ctx context.Context, command ...string) error {
	// The relays outlive the context, so that the last gather ends as the others did.
	relays, err := demo.Start(context.WithoutCancel(ctx), demo.Options{Dir: caDir})
	if errors.Is(err, syscall.EADDRINUSE) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("%s (is another demonstration running?)", first)
	}
	if err != nil {
		return err
	}
	defer relays.Close()

	seen := newOutcomes()
	if err := collect(ctx, r.metrics, seen, command); err != nil {
		return err
	}
	if len(seen.relays) == 0 {
		return fmt.Errorf("%s wrote no metric of smtpprobe", command[0])
	}
	if err := seen.print(r.out); err != nil {
		return err
	}
	if err := seen.writeReport(r.page); err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, "\nThe report is in %s.\n", r.page)
	return err
}

// writeReport writes the report on the metrics to a file.
func (s *outcomes) writeReport(name string) (err error) {
	page := report.New()
	if err := page.Read("the metrics", &s.lines); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return page.WriteHTML(f)
}
