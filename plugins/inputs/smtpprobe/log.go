package smtpprobe

import (
	"strings"

	"github.com/influxdata/telegraf/selfstat"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// logFailure writes a debug line about a relay that failed, and what was said.
func (p *SMTPProbe) logFailure(r *relay, m *memory, result *smtpprobe.Result) {
	if p.Log == nil || result.Expected || result.Err == nil {
		return
	}
	name := r.name
	if r.expands() {
		name += " (" + strings.TrimSpace(m.tags["source"]+" "+m.tags["ip"]) + ")"
	}
	p.Log.Debugf("%s: %s", name, result.Err)
	for _, line := range result.Transcript {
		p.Log.Debugf("%s: %8.3fs %s %s", name, line.At.Seconds(), line.Dir, line.Text)
	}
}

// stats are Telegraf's internal statistics, summed over all instances.
type stats struct {
	probes, failures, resting, messages selfstat.Stat
}

func newStats() stats {
	register := func(field string) selfstat.Stat {
		return selfstat.Register("smtpprobe", field, make(map[string]string))
	}
	return stats{
		probes:   register("probes"),
		failures: register("probes_failed"),
		resting:  register("probes_left_out"),
		messages: register("messages_accepted"),
	}
}

func (s *stats) count(r *smtpprobe.Result) {
	s.probes.Incr(1)
	if !r.Expected {
		s.failures.Incr(1)
	}
	if r.MessageAccepted {
		s.messages.Incr(1)
	}
}
