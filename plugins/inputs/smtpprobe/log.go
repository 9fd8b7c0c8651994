package smtpprobe

import (
	"strings"

	"github.com/influxdata/telegraf/selfstat"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// logFailure logs a failed probe and its transcript at level debug.
func (p *SMTPProbe) logFailure(r *relay, s *targetState, result *smtpprobe.Result) {
	if p.Log == nil || result.Expected || result.Err == nil {
		return
	}
	name := r.name
	if r.expands() {
		var source, ip string
		for _, t := range s.tags {
			switch t.key {
			case "source":
				source = t.value
			case "ip":
				ip = t.value
			}
		}
		name += " (" + strings.TrimSpace(source+" "+ip) + ")"
	}
	p.Log.Debugf("%s: %s", name, result.Err)
	for _, line := range result.Transcript {
		p.Log.Debugf("%s: %8.3fs %s %s", name, line.At.Seconds(), line.Dir, line.Text)
	}
}

// stats are the plugin's statistics in Telegraf's input internal.
type stats struct {
	probes, failures, skipped, omitted, messages, questions, requests selfstat.Stat
}

// newStats registers the statistics. Telegraf's collector adds the tags of the
// instance. Without a collector, as in tests, they have no tags.
func newStats(c *selfstat.Collector) stats {
	if c == nil {
		c = selfstat.NewCollector(nil)
	}
	register := func(field string) selfstat.Stat {
		return c.Register("smtpprobe", field, make(map[string]string))
	}
	return stats{
		probes:   register("probes"),
		failures: register("probes_failed"),
		skipped:  register("probes_skipped"),
		omitted:  register("targets_omitted"),
		messages: register("messages_accepted"),

		questions: register("policy_questions"),
		requests:  register("policy_requests"),
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
