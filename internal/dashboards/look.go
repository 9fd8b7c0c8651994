package dashboards

import (
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/palette"
)

// look is how a view is drawn, whatever the data source.
type look struct {
	title, description string
	kind               string
	width, height      int
	field              grafana.FieldDefaults
	overrides          []grafana.Override
	options            map[string]any
	transformations    []grafana.Transformation
	columns            map[string]string // headings other than the usual ones
	timed              bool              // the table shows the time of its rows
}

const (
	day = 24 * 60 * 60.0

	// ExpirySoon and expiryVerySoon are what the certificate panels and alerts
	// call soon and very soon.
	ExpirySoon     = 14 * day
	expiryVerySoon = 3 * day
)

// looks are the views' looks.
func looks() map[View]look {
	return map[View]look{
		Working: share(number("Relays that work", "The share of relays that work from at least one vantage point: their latest probe had the outcome that its configuration expects.",
			thresholds(grafana.Base("red"), grafana.Above(0.5, "orange"), grafana.Above(1, good)), "no probes")),
		Failing: number("Relays that fail", "Relays whose latest probe failed from at least one vantage point.",
			thresholds(grafana.Base(good), grafana.Above(1, "orange")), "0"),
		Overall: share(number("Availability", "The share of probes in the time range that had the expected outcome.",
			availabilitySteps(), "no probes")),
		NextExpiry: seconds(number("Next certificate to expire", "The shortest time that any relay's certificate has left. Negative: it has expired.",
			expirySteps(), "no TLS")),
		NotVerified: number("TLS not verified", "Relays whose latest session was encrypted, but whose certificate does not verify.",
			thresholds(grafana.Base(good), grafana.Above(1, "orange")), "0"),
		Suspect: number("Suspect probers", "Agents for which more than half of their relays failed by network or prober faults: their own network is down, not the relays.",
			thresholds(grafana.Base(good), grafana.Above(1, "red")), "0"),
		Problems: table("Failing now", "The latest probe of every relay that fails: class and reason, who has to act, where in the session it failed and by which reply, the backend that greeted, and how many probes have failed in a row.",
			24, "every relay works").mapped(classByName()),
		State:      timeline("State of each relay", "The verdict over time. A step with several probes shows the failure with the highest number, so that a short failure is not hidden by a wide range. An outcome that the configuration expects is ok.", classByNumber()),
		Classes:    counts("Failures by class", "Probes that failed, by error class.", classSeries()),
		Reasons:    counts("Failures by class and reason", "Probes that failed, by error class and reason.", nil),
		ReplyCodes: counts("Reply codes", "The reply that decided each probe; the last one before RSET and QUIT where it succeeded.", nil),
		StoppedAt:  counts("Phase of the failure", "The phase in which a failed probe got its verdict.", phaseSeries()),
		Backends: table("Latest failures, and the backend that answered", "Behind a load balancer the backend is the name in the greeting. One that fails while the others work is found here. On Prometheus: how many vantage points saw each failure.",
			24, "no failures").mapped(classByName()).withTime(),
		Phases:       stacked("Latency by phase, mean", "The mean time of each phase that completed, of the relays chosen above. A phase that did not complete has no latency, so a failure does not look like a fast relay."),
		PhasesSlow:   phaseLines("Latency by phase, 95th percentile", "95% of the phases that completed took less. On Prometheus: of the relays, by their slowest probe in a step."),
		Percentiles:  lines("Time of a whole probe: median, 95th and 99th percentile", "Of all probes of the relays chosen above, failed ones included. On Prometheus: of the relays, by their slowest probe in a step.", "s", grafana.Number(0.0)),
		Total:        lines("Time of a whole probe, by relay", "From the start of a probe to its end, failed ones included.", "s", grafana.Number(0.0)),
		RelayLatency: table("Latency by relay", "Median, 95th and 99th percentile of a whole probe in the time range.", 24, "no probes"),
		Availability: upTo(bars("Availability by relay", "The share of probes in the time range that had the expected outcome.", "percentunit", availabilitySteps()), 1),
		SinceSuccess: bars("Time since the last success", "0 while the relay works.", "s",
			thresholds(grafana.Base(good), grafana.Above(5*60, "orange"), grafana.Above(15*60, "red"))),
		AvailabilityTrend: upTo(lines("Availability over time", "The share of each relay's probes that had the expected outcome, in each step.", "percentunit", grafana.Number(0.0)), 1),
		Consecutive:       lines("Failures in a row", "How many probes of each relay have failed in a row.", "short", grafana.Number(0.0)),
		Vantage: table("Down from here, or from everywhere?", "For each relay: how many vantage points (agents and addresses) probe it, and the share of them that fail. 100%: the relay is down. Less: look at the network, credentials and reputation of the agents that fail.",
			24, "no probes").with(grafana.Named(columns["failing"], grafana.Property{ID: "unit", Value: "percentunit"},
			grafana.Property{ID: "thresholds", Value: thresholds(grafana.Base(good), grafana.Above(0.001, "orange"), grafana.Above(1, "red"))},
			grafana.Property{ID: "custom.cellOptions", Value: map[string]any{"type": "color-background"}})),
		Certificates:  bars("Time until the certificate expires", "Of the certificate that the relay showed last, verified or not. Negative: it has expired.", "s", expirySteps()),
		Capabilities:  table("Capabilities", "What each relay offered in its last EHLO reply.", 12, "no EHLO was answered"),
		Sessions:      table("TLS sessions", "The latest encrypted session of each relay, and its certificate. Chain left is the time until the first certificate of the chain expires.", 24, "no TLS"),
		Changes:       table("Changes", "What differs from the last time it was seen: greeting name, extensions, AUTH mechanisms, size, limits, certificate, TLS, addresses, MX hosts. Marked in violet over all panels.", 24, "nothing changed").withTime(),
		GroupState:    timeline("State of each group", "Whether any relay of the group accepted the session.", yesOrNo("accepted", "down")),
		GroupSelected: counts("Relay that the group selected", "none: no relay of it worked.", nil),
		GroupHealthy:  lines("Healthy relays of the group", "A group with one healthy relay left works, but has nothing to fail over to.", "short", grafana.Number(0.0)),
		MailStates: counts("Messages by state", "Each message that was sent ends in one state: arrived, late, lost, found (after it was lost), bounced or duplicate. On Prometheus: flows by their latest message.",
			mailSeries()),
		MailDelay:  lines("Delay of delivery", "From sent to the mailbox. Median and 95th percentile; on Prometheus the slowest of each step.", "s", grafana.Number(0.0)),
		MailFlows:  table("Mail flows", "Messages in flight, and counts since the state file began. Held: too many messages are in flight, so no more are sent.", 24, "no mail flow is configured"),
		MailLatest: table("Latest messages", "Where they arrived, the slowest hop, the mailbox's verdict on SPF, DKIM and DMARC, and what a bounce said.", 24, "no message was settled").mapped(mailByState()).withTime(),
		Mailboxes:  table("Mailboxes", "The latest look into each mailbox. While one fails, nothing is known of the mail in it.", 24, "no mailbox is configured").mapped(classByName()),
		Policies: table("Would a careful sender deliver?", "Each host's certificate by what the domain publishes: DANE (RFC 7672) and MTA-STS (RFC 8461). Unvalidated: no trusted resolver says that the records are genuine, which proves nothing.",
			24, "policy is off").heading("at", "Checked"),
		PolicyDomains: table("Domains", "A domain that no host of its MX satisfies gets no mail from careful senders.", 24, "policy is off"),
		Gathers: table("Probers", "The latest gather of each agent: how many relays it probed, and how many failed by its own network. Suspect: it is this machine, not the relays.",
			24, "no agent reports"),
	}
}

// mailStates are the states of a message, with colors whose lightness differs.
var mailStates = []struct{ state, color string }{
	{"arrived", good}, {"late", "light-yellow"}, {"lost", "dark-red"}, {"found", "light-blue"}, {"bounced", "dark-purple"}, {"duplicate", "orange"},
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
	return thresholds(grafana.Base("red"), grafana.Above(0.95, "orange"), grafana.Above(0.995, good))
}

func expirySteps() *grafana.Thresholds {
	return thresholds(grafana.Base("red"), grafana.Above(expiryVerySoon, "orange"), grafana.Above(ExpirySoon, good))
}

// phaseSeries gives each phase the same color everywhere.
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
