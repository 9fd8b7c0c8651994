package dashboards

import (
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/palette"
)

// panelSpec is the panel of a view, without the queries.
type panelSpec struct {
	title, description string
	panelType          string // Grafana's
	width, height      int
	field              grafana.FieldDefaults
	overrides          []grafana.Override
	options            map[string]any
	transformations    []grafana.Transformation
	columns            map[string]string // titles that differ from those of other tables
	timed              bool              // the table has a column for the time
}

const (
	day = 24 * 60 * 60.0

	// ExpirySoon and expiryVerySoon are the remaining lifetimes of a certificate, in
	// seconds, below which panels and alerts warn.
	ExpirySoon     = 14 * day
	expiryVerySoon = 3 * day
)

// panelSpecs returns the panel of each view.
func panelSpecs() map[View]panelSpec {
	return map[View]panelSpec{
		Working: share(number("Relays that work", "The share of relays that work from at least one vantage point: the last probe had the expected outcome.",
			thresholds(grafana.Base("red"), grafana.Above(0.5, "orange"), grafana.Above(1, okColor)), "no probes")),
		Failing: number("Relays that fail", "Relays whose last probe failed from at least one vantage point.",
			thresholds(grafana.Base(okColor), grafana.Above(1, "orange")), "0"),
		Overall: share(number("Availability", "The share of probes in the time range that had the expected outcome.",
			availabilitySteps(), "no probes")),
		NextExpiry: seconds(number("Next certificate to expire", "The time until the first certificate of a relay expires. Negative: it has expired.",
			expirySteps(), "no TLS")),
		NotVerified: number("TLS not verified", "Relays whose last session was encrypted with a certificate that does not verify.",
			thresholds(grafana.Base(okColor), grafana.Above(1, "orange")), "0"),
		Suspect: number("Suspect probers", "Agents with network or prober faults at more than half of their relays: look at their network before looking at the relays.",
			thresholds(grafana.Base(okColor), grafana.Above(1, "red")), "0"),
		Problems: table("Failing now", "The last probe of every failing relay: class and reason, who has to act, phase and reply, the backend that greeted, and the number of failures in a row.",
			24, "every relay works").mapped(classByName()),
		State:      timeline("State of each relay", "The verdict over time. A step with several probes shows the failure with the highest number, so that a short failure stays visible in a wide time range. An outcome that expect lists is ok.", classByNumber()),
		Classes:    counts("Failures by class", "Probes that failed, by error class.", classSeries()),
		Reasons:    counts("Failures by class and reason", "Probes that failed, by error class and reason.", nil),
		ReplyCodes: counts("Reply codes", "The reply that decided each probe. Of a success it is the last one before RSET and QUIT.", nil),
		StoppedAt:  counts("Phase of the failure", "The phase in which each failed probe failed.", phaseSeries()),
		Backends: table("Latest failures, and the backend that answered", "The backend is the name in the greeting, which differs behind a load balancer. On Prometheus: the number of vantage points with each failure.",
			24, "no failures").mapped(classByName()).withTime(),
		Phases:       stacked("Latency by phase, mean", "The mean time of each completed phase, over the selected relays. A phase that did not complete has no latency, so a failure does not look like a fast relay."),
		PhasesSlow:   phaseLines("Latency by phase, 95th percentile", "95% of the completed phases took less. On Prometheus: of the slowest probe of each relay in a step."),
		Percentiles:  lines("Time of a whole probe: median, 95th and 99th percentile", "Over all probes of the selected relays, including failed ones. On Prometheus: of the slowest probe of each relay in a step.", "s", grafana.Number(0.0)),
		Total:        lines("Time of a whole probe, by relay", "From the start of a probe to its end, including failed ones.", "s", grafana.Number(0.0)),
		RelayLatency: table("Latency by relay", "Median, 95th and 99th percentile of a whole probe in the time range.", 24, "no probes"),
		Availability: upTo(bars("Availability by relay", "The share of probes in the time range that had the expected outcome.", "percentunit", availabilitySteps()), 1),
		SinceSuccess: bars("Time since the last success", "0 if the relay works.", "s",
			thresholds(grafana.Base(okColor), grafana.Above(5*60, "orange"), grafana.Above(15*60, "red"))),
		AvailabilityTrend: upTo(lines("Availability over time", "The share of each relay's probes that had the expected outcome, in each step.", "percentunit", grafana.Number(0.0)), 1),
		Consecutive:       lines("Failures in a row", "The number of probes of each relay that failed in a row.", "short", grafana.Number(0.0)),
		Vantage: table("Down from here, or from everywhere?", "For each relay: the number of vantage points (agents and addresses), and the share of them that fail. 100%: the relay is down. Less: look at the network, credentials and reputation of the agents that fail.",
			24, "no probes").with(grafana.Named(columns["failing"], grafana.Property{ID: "unit", Value: "percentunit"},
			grafana.Property{ID: "thresholds", Value: thresholds(grafana.Base(okColor), grafana.Above(0.001, "orange"), grafana.Above(1, "red"))},
			grafana.Property{ID: "custom.cellOptions", Value: map[string]any{"type": "color-background"}})),
		Certificates:  bars("Time until the certificate expires", "Of the last certificate of the relay, verified or not. Negative: it has expired.", "s", expirySteps()),
		Capabilities:  table("Capabilities", "What each relay offered in its last EHLO reply.", 12, "no EHLO was answered"),
		Sessions:      table("TLS sessions", "The latest encrypted session of each relay, and its certificate. Chain left is the time until the first certificate of the chain expires.", 24, "no TLS"),
		Changes:       table("Changes", "What differs from the last time it was seen: greeting name, extensions, AUTH mechanisms, size, limits, certificate, TLS, addresses, MX hosts. Marked in violet over all panels.", 24, "nothing changed").withTime(),
		GroupState:    timeline("State of each group", "Whether any relay of the group accepted the session.", yesIsGood("accepted", "down")),
		GroupSelected: counts("Relay that the group selected", "none: no relay of it worked.", nil),
		GroupHealthy:  lines("Healthy relays of the group", "A group with one healthy relay left works, but has nothing to fail over to.", "short", grafana.Number(0.0)),
		MailStates: counts("Messages by state", "Each message ends in one state: arrived, late, lost, found (after it was lost), bounced or duplicate. On Prometheus: flows by their last message.",
			mailSeries()),
		MailDelay:  lines("Delay of delivery", "From the relay to the mailbox: median and 95th percentile. On Prometheus: the slowest of each step.", "s", grafana.Number(0.0)),
		MailFlows:  table("Mail flows", "Messages in flight, and counts since the start of the state file. Held: no more messages are sent, since too many are in flight.", 24, "no mail flow is configured"),
		MailLatest: table("Latest messages", "The folder, the slowest hop, the results of SPF, DKIM and DMARC in the mailbox, and the text of a bounce.", 24, "no messages").mapped(mailByState()).withTime(),
		Mailboxes:  table("Mailboxes", "The last check of each mailbox. While it fails, the state of the mail in it is unknown.", 24, "no mailbox is configured").mapped(classByName()),
		Policies: table("Would senders with DANE and MTA-STS deliver?", "The certificate of each host, compared with what the domain publishes for DANE (RFC 7672) and MTA-STS (RFC 8461). Unvalidated: no trusted resolver validated the records, so they prove nothing.",
			24, "policy is off").heading("at", "Checked"),
		PolicyDomains: table("Domains", "A domain without a host that satisfies its policies gets no mail from senders that honor them.", 24, "policy is off"),
		Gathers: table("Probers", "The last gather of each agent: the number of relays, and of network failures. Suspect: look at the network of this machine before looking at the relays.",
			24, "no agent reports"),
	}
}

// mailStates lists the states of a message. The lightness of their colors differs.
var mailStates = []struct{ state, color string }{
	{"arrived", okColor}, {"late", "light-yellow"}, {"lost", "dark-red"}, {"found", "light-blue"}, {"bounced", "dark-purple"}, {"duplicate", "orange"},
}

func mailSeries() []grafana.Override {
	overrides := make([]grafana.Override, 0, len(mailStates))
	for _, m := range mailStates {
		overrides = append(overrides, grafana.Named(m.state, color(m.color)))
	}
	return overrides
}

func mailByState() []grafana.Mapping {
	mappings := classByName()
	for _, m := range mailStates {
		mappings[0].Options[m.state] = grafana.MapResult{Text: m.state, Color: m.color, Index: len(mappings[0].Options)}
	}
	return mappings
}

func thresholds(steps ...grafana.Threshold) *grafana.Thresholds {
	return &grafana.Thresholds{Mode: "absolute", Steps: steps}
}

func availabilitySteps() *grafana.Thresholds {
	return thresholds(grafana.Base("red"), grafana.Above(0.95, "orange"), grafana.Above(0.995, okColor))
}

func expirySteps() *grafana.Thresholds {
	return thresholds(grafana.Base("red"), grafana.Above(expiryVerySoon, "orange"), grafana.Above(ExpirySoon, okColor))
}

// phaseSeries returns the colors of series that are named after phases.
func phaseSeries() []grafana.Override {
	phases := TimedPhases()
	overrides := make([]grafana.Override, 0, len(phases))
	for _, phase := range phases {
		overrides = append(overrides, grafana.Named(string(phase), color(palette.Phase(phase).Hex())))
	}
	return overrides
}

func color(name string) grafana.Property {
	return grafana.Property{ID: "color", Value: grafana.Color{Mode: "fixed", FixedColor: name}}
}
