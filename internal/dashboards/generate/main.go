// Command generate writes the dashboards and the alerts. It runs in
// internal/dashboards, as go generate does.
//
// With -interval it writes alerts for probes at another interval than a minute,
// with -slow for other latencies than 2 s, with -silent for mail that is sent
// less often, with -objective for another error budget than 1% of the probes,
// with -to into another folder. It refuses an objective that a single lost probe
// would break.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/alerts"
)

func main() {
	to := flag.String("to", "../../dashboards", "folder to write to")
	timing := alerts.DefaultTiming()
	flag.DurationVar(&timing.Interval, "interval", timing.Interval, "interval of the probes that the alerts are for, in whole milliseconds")
	flag.DurationVar(&timing.Slow, "slow", timing.Slow, "how long a phase may take on average")
	flag.DurationVar(&timing.Silent, "silent", timing.Silent, "how long no message of a mail flow may arrive")
	flag.Float64Var(&timing.Objective, "objective", timing.Objective, "share of probes that have to succeed, for the alerts on the error budget")
	document := flag.String("document", "", "document to describe the alerts in")
	flag.Parse()
	err := write(*to, timing)
	if err == nil && *document != "" {
		err = describe(*document, timing)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generating the dashboards:", err)
		os.Exit(1)
	}
}

// describe puts the alerts between the comments that mark their place.
func describe(path string, t alerts.Timing) error {
	const begin, end = "<!-- begin alerts -->\n", "<!-- end alerts -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(text), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s has no place for the alerts", path)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+alerts.Document(t)+"\n"+end+after), 0o644) //nolint:gosec // a document
}

func write(dir string, t alerts.Timing) error {
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	rules, err := alerts.Files(t)
	if err != nil {
		return err
	}
	for name, content := range rules {
		files[filepath.Join("alerts", name)] = content
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // files for other programs
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // files for other programs
			return err
		}
	}
	return nil
}
