package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// nagiosState is a state of the monitoring plugins' guidelines; its value is
// the exit status.
type nagiosState int

const (
	nagiosOK nagiosState = iota
	nagiosWarning
	nagiosCritical
	nagiosUnknown
)

func (s nagiosState) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// worse orders states: a certain fault before an uncertain one.
func (s nagiosState) worse(t nagiosState) nagiosState {
	rank := [...]int{nagiosOK: 0, nagiosUnknown: 1, nagiosWarning: 2, nagiosCritical: 3}
	if rank[t] > rank[s] {
		return t
	}
	return s
}

// thresholds turn a success into a warning or worse; zero ones do not apply.
type thresholds struct {
	warnTime, critTime time.Duration // of the whole probe
	warnCert, critCert time.Duration // left to the certificate
}

func newThresholds(ctx *cli.Context) (*thresholds, error) {
	const day = 24 * time.Hour
	t := &thresholds{
		warnTime: ctx.Duration("warning"), critTime: ctx.Duration("critical"),
		warnCert: time.Duration(ctx.Int("cert-warning")) * day, critCert: time.Duration(ctx.Int("cert-critical")) * day,
	}
	for _, name := range []string{"warning", "critical", "cert-warning", "cert-critical"} {
		switch {
		case !ctx.IsSet(name):
		case !ctx.Bool("nagios"):
			return nil, fmt.Errorf("--%s is for --nagios", name)
		}
	}
	if min(t.warnTime, t.critTime, t.warnCert, t.critCert) < 0 {
		return nil, errors.New("the limits of --nagios must not be negative")
	}
	return t, nil
}

// state of one probe. A failure of this side's own is unknown; a relay that
// says "later" (4xx) is a warning; any other failure is critical.
func (t *thresholds) state(r *smtpprobe.Result) (s nagiosState, why string) {
	if !r.Expected {
		return failureState(r), verdict(r)
	}
	s, why = nagiosOK, verdict(r)
	raise := func(to nagiosState, format string, args ...any) {
		if worst := s.worse(to); worst != s {
			s, why = worst, fmt.Sprintf(format, args...)
		}
	}
	switch {
	case t.critTime > 0 && r.Total > t.critTime:
		raise(nagiosCritical, "took %s, limit %s", milliseconds(r.Total), t.critTime)
	case t.warnTime > 0 && r.Total > t.warnTime:
		raise(nagiosWarning, "took %s, limit %s", milliseconds(r.Total), t.warnTime)
	}
	if r.TLS != nil && r.TLS.Leaf != nil {
		left := r.TLS.Leaf.NotAfter.Sub(r.Start)
		switch {
		case t.critCert > 0 && left < t.critCert:
			raise(nagiosCritical, "the certificate %s", certificateExpiry(r.TLS.Leaf, r.Start))
		case t.warnCert > 0 && left < t.warnCert:
			raise(nagiosWarning, "the certificate %s", certificateExpiry(r.TLS.Leaf, r.Start))
		}
	}
	return s, why
}

func failureState(r *smtpprobe.Result) nagiosState {
	switch {
	case r.Err == nil: // no error where one was expected
		return nagiosCritical
	case r.Err.Class == smtperr.ClassConfigError || r.Err.Class == smtperr.ClassLocalError || r.Err.Class == smtperr.ClassCanceled:
		return nagiosUnknown
	case r.Err.Reply != nil && r.Err.Temporary():
		return nagiosWarning
	}
	return nagiosCritical
}

// printNagios writes the line that a monitoring system shows, with the
// performance data of all probes, and the further relays' lines below it.
func printNagios(w io.Writer, checked []*checkup, limits *thresholds) nagiosState {
	worst := nagiosOK
	lines := make([]string, 0, len(checked))
	perf := make([]string, 0, len(checked))
	first := 0
	for i, c := range checked {
		state, why := limits.state(c.result)
		if worse := worst.worse(state); worse != worst {
			worst, first = worse, i
		}
		lines = append(lines, fmt.Sprintf("%s: %s", c.name, why))
		perf = append(perf, c.perfdata(limits)...)
	}
	headline := "no relay"
	if len(lines) > 0 {
		headline = lines[first]
		lines = append(lines[:first], lines[first+1:]...)
	}
	fmt.Fprintf(w, "SMTP %s - %s | %s\n", worst, unpiped(headline), strings.Join(perf, " "))
	for _, line := range lines {
		fmt.Fprintln(w, unpiped(line))
	}
	return worst
}

// perfdata is 'label'=value[unit];warn;crit;min for the whole probe, each
// complete phase and the certificate.
func (c *checkup) perfdata(limits *thresholds) []string {
	label := strings.NewReplacer("'", "''", "=", "_").Replace(c.name)
	data := []string{fmt.Sprintf("'%s total'=%s;%s;%s;0", label, seconds(c.result.Total), limit(limits.warnTime), limit(limits.critTime))}
	for i := range c.result.Phases {
		if p := &c.result.Phases[i]; p.Complete {
			data = append(data, fmt.Sprintf("'%s %s'=%s;;;0", label, p.Phase, seconds(p.Duration)))
		}
	}
	if t := c.result.TLS; t != nil && t.Leaf != nil {
		data = append(data, fmt.Sprintf("'%s cert'=%.0fs", label, t.Leaf.NotAfter.Sub(c.result.Start).Seconds()))
	}
	return data
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6fs", d.Seconds()) }

func limit(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%g", d.Seconds())
}

// unpiped keeps text apart from performance data.
func unpiped(s string) string { return strings.ReplaceAll(s, "|", "/") }
