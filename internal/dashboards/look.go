package dashboards

import (
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
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
		Working: number("Relays that work", "Relays, as each vantage point sees them, whose latest probe had the outcome that its configuration expects.",
			thresholds(grafana.Base("text"), grafana.Above(1, good)), "0"),
		Failing: number("Relays that fail", "Relays, as each vantage point sees them, whose latest probe had another outcome than its configuration expects.",
			thresholds(grafana.Base(good), grafana.Above(1, "red")), "0"),
		Overall: share(number("Availability", "The share of probes in the range above that had the expected outcome.",
			availabilitySteps(), "no probes")),
		NextExpiry: seconds(number("Next certificate to expire", "The shortest time that any relay's leaf certificate has left. Negative: it has expired.",
			expirySteps(), "no TLS")),
		Problems: {title: "Failing now", kind: "table", width: 24, height: 7,
			description: "The latest probe of every relay that fails: the class and reason, who has to act, where in the session it fell and by which reply, and how many probes have failed in a row.",
			field:       grafana.FieldDefaults{NoValue: "every relay works", Mappings: classByName(), Custom: map[string]any{"cellOptions": map[string]any{"type": "color-text"}}},
			options:     map[string]any{"showHeader": true, "cellHeight": "sm", "footer": map[string]any{"show": false}},
		},
		State:        timeline("State of each relay", "The verdict over time. A step that saw several shows the failure with the highest number, so that a short failure is not hidden by a wide range. An outcome that the configuration expects is ok.", classByNumber()),
		Classes:      counts("Failures by class", "Probes that failed, by error class.", classSeries()),
		Reasons:      counts("Failures by class and reason", "Probes that failed, by error class and reason.", nil),
		ReplyCodes:   counts("Reply codes", "The reply that decided each probe; the last one before RSET and QUIT where it succeeded.", nil),
		StoppedAt:    counts("Phase of the failure", "In which phase the verdict of a failed probe fell.", nil),
		Phases:       stacked("Latency by phase", "The mean time of each phase that completed, of the relays chosen above. A phase that did not complete has no latency, so a failure does not look like a fast relay."),
		Total:        lines("Time of a whole probe", "From the start of a probe to its end, failed ones included.", "s", nil),
		Availability: bars("Availability by relay", "The share of probes in the range above that had the expected outcome.", "percentunit", availabilitySteps()),
		Consecutive:  lines("Failures in a row", "How many probes of each relay have failed in a row.", "short", grafana.Number(0.0)),
		Vantage: {title: "Down from here, or from everywhere?", kind: "table", width: 24, height: 7,
			description:     "For each relay: how many vantage points (agents and addresses) probe it, and the share of them that fail. 100%: the relay is down. Less: look at the network, credentials and reputation of the agents that fail.",
			field:           grafana.FieldDefaults{Mappings: []grafana.Mapping{}},
			overrides:       []grafana.Override{grafana.Named("failing", grafana.Property{ID: "unit", Value: "percentunit"}, grafana.Property{ID: "thresholds", Value: thresholds(grafana.Base(good), grafana.Above(0.001, "orange"), grafana.Above(1, "red"))}, grafana.Property{ID: "custom.cellOptions", Value: map[string]any{"type": "color-background"}})},
			options:         map[string]any{"showHeader": true, "cellHeight": "sm", "footer": map[string]any{"show": false}},
			transformations: nil,
		},
		Certificates: bars("Time until the certificate expires", "Of the leaf that the relay showed last, verified or not. Negative: it has expired.", "s", expirySteps()),
		Capabilities: {title: "Capabilities", kind: "table", width: 12, height: 10,
			description: "What each relay offered in its last EHLO reply, and the TLS session.",
			field:       grafana.FieldDefaults{Mappings: []grafana.Mapping{}, NoValue: "no EHLO was answered"},
			overrides:   []grafana.Override{grafana.Named("size_limit", grafana.Property{ID: "unit", Value: "decbytes"})},
			options:     map[string]any{"showHeader": true, "cellHeight": "sm", "footer": map[string]any{"show": false}},
		},
		GroupState:    timeline("State of each group", "Whether any relay of the group took the session.", yesOrNo("served", "down")),
		GroupSelected: counts("Relay that served the group", "Which relay of the group was selected; none: no relay of it worked.", nil),
		GroupHealthy:  lines("Healthy relays of the group", "A group with one healthy relay left works, but has nothing to fail over to.", "short", grafana.Number(0.0)),
	}
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

// phaseSeries gives each phase the same colour everywhere.
func phaseSeries() []grafana.Override {
	colours := []string{"#8e8e8e", "blue", "dark-purple", "green", "semi-dark-green", "dark-green", "purple", "orange",
		"yellow", "dark-yellow", "light-red", "red", "dark-red", "super-light-blue", "light-blue"}
	overrides := make([]grafana.Override, 0, len(colours))
	for i, phase := range TimedPhases() {
		overrides = append(overrides, grafana.Named(string(phase), colour(colours[i])))
	}
	return overrides
}

func colour(name string) grafana.Property {
	return grafana.Property{ID: "color", Value: grafana.Color{Mode: "fixed", FixedColor: name}}
}
