// Command run is the demonstration of "make run". It starts the demonstration
// relays and a stock Telegraf that runs the plugin through inputs.execd, stops them
// after a while, prints a table of the outcomes and writes a report.
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

// showMetrics is the environment variable that also prints the line protocol.
const showMetrics = "RUN_METRICS"

func main() {
	duration := flag.Duration("duration", 30*time.Second, "how long to probe")
	telegraf := flag.String("telegraf", "bin/telegraf", "Telegraf's path")
	config := flag.String("config", "sample.conf", "Telegraf's configuration")
	page := flag.String("report", "report.html", "file for the report")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal terminates the program
	ctx, cancel := context.WithTimeout(ctx, *duration)
	defer cancel()

	d := &demonstration{out: os.Stdout, metrics: io.Discard, page: *page}
	if os.Getenv(showMetrics) != "" {
		d.metrics = os.Stdout
	}
	fmt.Fprintf(os.Stderr, "probing the demonstration relays for %s (%s=1 prints the metrics)\n", *duration, showMetrics)
	if err := d.run(ctx, *telegraf, "--quiet", "--strict-env-handling", "--config", *config); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1) //nolint:gocritic // the deferred calls only release the context
	}
}

// caDir is the directory of the relays' CA file in docs/demo/smtpprobe.conf.
const caDir = ".cache/demo"

// demonstration is the output of a run.
type demonstration struct {
	out     io.Writer // for the table
	metrics io.Writer // for the line protocol
	page    string    // file for the report
}

// run runs the relays and Telegraf until the context is canceled, and writes the
// summary.
func (d *demonstration) run(ctx context.Context, command ...string) error {
	// The relays keep running after ctx is canceled, so that the last gather can end.
	relays, err := demo.Start(context.WithoutCancel(ctx), demo.Options{Dir: caDir})
	if errors.Is(err, syscall.EADDRINUSE) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fmt.Errorf("%s (is another demonstration running?)", first)
	}
	if err != nil {
		return err
	}
	defer relays.Close()

	summary := newOutcomes()
	if err := collect(ctx, d.metrics, summary, command); err != nil {
		return err
	}
	if len(summary.relays) == 0 {
		return fmt.Errorf("%s wrote no metric of smtpprobe", command[0])
	}
	if err := summary.print(d.out); err != nil {
		return err
	}
	if err := summary.writeReport(d.page); err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.out, "\nThe report is in %s.\n", d.page)
	return err
}

// writeReport writes a report of the metrics to a file.
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
