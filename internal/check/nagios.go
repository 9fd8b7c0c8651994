package check

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
)

// State is a state of the Monitoring Plugins Development Guidelines. Its value is
// the exit status.
type State int

// The states.
const (
	OK State = iota
	Warning
	Critical
	Unknown
)

func (s State) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// worse returns the worse of two states. Unknown is better than a warning, since
// the relay may well work.
func (s State) worse(t State) State {
	rank := [...]int{OK: 0, Unknown: 1, Warning: 2, Critical: 3}
	if rank[t] > rank[s] {
		return t
	}
	return s
}

// Thresholds turn a success into a warning or a critical state. Zero means no
// threshold.
type Thresholds struct {
	WarnTime, CritTime time.Duration // of the whole probe
	WarnCert, CritCert time.Duration // remaining lifetime of the certificate
}

// Validate returns an error that names the flags.
func (t *Thresholds) Validate() error {
	switch {
	case min(t.WarnTime, t.CritTime, t.WarnCert, t.CritCert) < 0:
		return errors.New("--warning, --critical, --cert-warning and --cert-critical must not be negative")
	case t.WarnTime > 0 && t.CritTime > 0 && t.CritTime < t.WarnTime:
		return fmt.Errorf("--critical %s must not be below --warning %s", t.CritTime, t.WarnTime)
	}
	return nil
}

// state returns the state of an outcome and the reason for it. A temporary refusal
// (4xx) and mail in the clear are warnings. A failure of this machine or of the
// configuration is unknown, unless a reply decided. Any other failure is critical.
func (t *Thresholds) state(s *summary.Summary) (state State, why string) {
	if !s.Success {
		return failureState(s), verdict(s)
	}
	total := time.Duration(s.Total)
	state, why = OK, verdict(s)+", "+duration(total)
	raise := func(to State, format string, args ...any) {
		if worst := state.worse(to); worst != state {
			state, why = worst, fmt.Sprintf(format, args...)
		}
	}
	switch {
	case t.CritTime > 0 && total > t.CritTime:
		raise(Critical, "took %s, limit %s", duration(total), t.CritTime)
	case t.WarnTime > 0 && total > t.WarnTime:
		raise(Warning, "took %s, limit %s", duration(total), t.WarnTime)
	}
	if s.TLS != nil && !s.TLS.Expiry.IsZero() {
		left := s.TLS.Expiry.Sub(s.Started)
		switch {
		case t.CritCert > 0 && left < t.CritCert:
			raise(Critical, "the certificate %s", expiry(s.TLS.Expiry, s.Started))
		case t.WarnCert > 0 && left < t.WarnCert:
			raise(Warning, "the certificate %s", expiry(s.TLS.Expiry, s.Started))
		}
	}
	if s.STARTTLSRefusal != "" {
		raise(Warning, "STARTTLS refused: %s; mail goes in the clear", s.STARTTLSRefusal)
	}
	if slices.Contains(s.Warnings, summary.Quit421) {
		raise(Warning, "%s", warningTexts[summary.Quit421])
	}
	return state, why
}

// canceled is the class of a probe that was interrupted.
const canceled = "canceled"

func failureState(s *summary.Summary) State {
	switch {
	case s.Code != 0 && s.Temporary != nil && *s.Temporary:
		return Warning
	case s.Code == 0 && (s.Fault == "config" || s.Fault == "prober" || s.Class == canceled):
		return Unknown
	}
	return Critical
}

// Nagios writes the output of a monitoring plugin: a line about the worst outcome
// with the performance data of all of them, what to do about it if it failed, and
// a line for each other outcome. It returns the worst state.
func Nagios(w io.Writer, outcomes []Outcome, limits *Thresholds) (State, error) {
	worst, first := OK, 0
	lines := make([]string, 0, len(outcomes)+1)
	data := make([]string, 0, len(outcomes))
	for i := range outcomes {
		state, why := limits.state(outcomes[i].Summary)
		if worse := worst.worse(state); worse != worst {
			worst, first = worse, i
		}
		lines = append(lines, fmt.Sprintf("%s: %s", outcomes[i].Name, why))
		data = append(data, outcomes[i].performance(limits)...)
	}
	headline := "no relay"
	if len(lines) > 0 {
		headline = lines[first]
		lines = slices.Delete(lines, first, first+1)
		if o := &outcomes[first]; o.Failed() && !o.Success {
			lines = slices.Insert(lines, 0, "who acts: "+actor(o.Summary), "what to do: "+o.advice())
		}
	}
	_, err := fmt.Fprintf(w, "SMTP %s - %s | %s\n", worst, unpiped(headline), strings.Join(data, " "))
	for _, line := range lines {
		if err == nil {
			_, err = fmt.Fprintln(w, unpiped(line))
		}
	}
	return worst, err
}

// NagiosUnknown writes the line for an error that prevented all probes.
func NagiosUnknown(w io.Writer, why string) {
	fmt.Fprintf(w, "SMTP %s - %s\n", Unknown, unpiped(why))
}

// performance returns 'label'=value[unit];warn;crit;min for the whole probe, each
// complete phase and the certificate.
func (o *Outcome) performance(limits *Thresholds) []string {
	label := strings.NewReplacer("'", "''", "=", "_").Replace(unpiped(o.Name))
	data := []string{fmt.Sprintf("'%s total'=%s;%s;%s;0", label, seconds(o.Total), limit(limits.WarnTime), limit(limits.CritTime))}
	for i := range o.Phases {
		if p := &o.Phases[i]; p.Complete {
			data = append(data, fmt.Sprintf("'%s %s'=%s;;;0", label, p.Phase, seconds(p.Time)))
		}
	}
	if t := o.TLS; t != nil && !t.Expiry.IsZero() {
		data = append(data, fmt.Sprintf("'%s cert'=%.0fs", label, t.Expiry.Sub(o.Started).Seconds()))
	}
	return data
}

func seconds(s summary.Seconds) string { return fmt.Sprintf("%.6fs", s.Float()) }

func limit(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%g", d.Seconds())
}

// unpiped returns text on one line and without "|", which begins performance
// data.
func unpiped(s string) string { return strings.ReplaceAll(console.OneLine(s), "|", "/") }
