// Command generate writes the dashboards and the alerts. Its working directory is
// internal/dashboards, as go generate runs it.
//
// The flags set the folder and the timing of the alerts. It refuses an objective that
// a single lost probe would break.
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
	to := flag.String("to", "../../dashboards", "write to this folder")
	timing := alerts.DefaultTiming()
	flag.DurationVar(&timing.Interval, "interval", timing.Interval, "interval of the probes, in whole milliseconds")
	flag.DurationVar(&timing.Slow, "slow", timing.Slow, "alert if the mean time of a phase is longer")
	flag.DurationVar(&timing.Silent, "silent", timing.Silent, "alert if no message of a mail flow arrives for this time")
	flag.Float64Var(&timing.Objective, "objective", timing.Objective, "share of probes that have to succeed, for the error budget")
	document := flag.String("document", "", "write the descriptions of the alerts to this document")
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

// describe writes the descriptions of the alerts between two comments of a document.
func describe(path string, t alerts.Timing) error {
	const begin, end = "<!-- begin alerts -->\n", "<!-- end alerts -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(text), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s has no comments that mark the alerts", path)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+alerts.Document(t)+"\n"+end+after), 0o644) //nolint:gosec // a document
}

// write writes the generated files.
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
