package alerts

import (
	"fmt"
	"strings"
)

// inhibition is an inhibit rule: while the source fires, targets with equal values of
// these labels send no notifications.
type inhibition struct {
	why     string
	source  string
	targets []string
	equal   []string
}

// consequences lists the alerts that follow from the failures of a relay.
var consequences = []string{"SMTPAvailabilityLow", "SMTPErrorBudgetBurnFast", "SMTPErrorBudgetBurn", "SMTPErrorBudgetBurnSlow"}

// overAllAgents are the alerts without a label host that the network of an agent
// can cause.
var overAllAgents = []string{
	"SMTPRelayDown", "SMTPRelayPartlyDown", "SMTPRefusals", "SMTPAvailabilityLow",
	"SMTPErrorBudgetBurnFast", "SMTPErrorBudgetBurn", "SMTPErrorBudgetBurnSlow", "SMTPMailSilent", "SMTPMailboxUnreadable",
}

// inhibitions are the inhibit rules, in the order of the file.
func inhibitions() []inhibition {
	failures := append([]string{"SMTPRelayPartlyDown", "SMTPAuthFailures", "SMTPRefusals", "SMTPPhaseSlow", "SMTPMailSilent"}, consequences...)
	return []inhibition{
		{
			"The failures of an agent whose own network is down say nothing about\n  # relays. Alerts over all agents have no label host; their expressions exclude it.",
			"SMTPProberSuspect", []string{"SMTPPhaseSlow", "SMTPGroupDown"}, []string{"host"},
		},
		{"One refused password, or one relay that is down, is one page.", "SMTPRelayDown", failures, []string{"relay"}},
		{"An open relay fails its expectation; it is not down.", "SMTPOpenRelay", append([]string{"SMTPRelayDown", "SMTPRelayPartlyDown"}, consequences...), []string{"relay"}},
		{"A cause inhibits its consequences.", "SMTPAuthFailures", consequences, []string{"relay"}},
		{"A cause inhibits its consequences.", "SMTPRefusals", consequences, []string{"relay"}},
		{"The fastest of the alerts on an error budget inhibits the slower ones.", "SMTPErrorBudgetBurnFast", []string{"SMTPErrorBudgetBurn", "SMTPErrorBudgetBurnSlow"}, []string{"relay", "fault"}},
		{"The fastest of the alerts on an error budget inhibits the slower ones.", "SMTPErrorBudgetBurn", []string{"SMTPErrorBudgetBurnSlow"}, []string{"relay", "fault"}},
		{"An expired certificate is neither about to expire nor verified.", "SMTPCertificateExpired", []string{"SMTPCertificateExpiring", "SMTPTLSNotVerified"}, []string{"relay", "source", "ip"}},
		{"While a mailbox cannot be read, the state of its mail is unknown.", "SMTPMailboxUnreadable", []string{"SMTPMailSilent"}, []string{"mailbox"}},
		{"The alert on all hosts of a relay replaces the one on some of them.", "SMTPWouldNotDeliver", []string{"SMTPWouldDeliverPartly"}, []string{"relay"}},
	}
}

// Alertmanager returns a configuration file with the inhibit rules. It is complete
// except for the receiver.
func Alertmanager(t Timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# An Alertmanager configuration for the alerts in prometheus.yml: copy inhibit_rules
# into your own configuration, or start with this file and name a receiver that pages.
# Generated: edit internal/dashboards/alerts, not this file.
#
#   amtool check-config alertmanager.yml

route:
  receiver: smtpprobe
  # A relay that is down is one notification, whatever else it causes.
  group_by: [alertname, relay]
  # Alerts with the same cause fire within one or two probe intervals.
  group_wait: %s
  group_interval: 5m
  repeat_interval: 4h

receivers:
  - name: smtpprobe

inhibit_rules:
`, t.intervals(1))
	for _, i := range inhibitions() {
		fmt.Fprintf(&b, "  # %s\n  - source_matchers: ['alertname = %s']\n    target_matchers: ['alertname =~ \"%s\"']\n    equal: [%s]\n",
			i.why, i.source, strings.Join(i.targets, "|"), strings.Join(i.equal, ", "))
	}
	fmt.Fprintf(&b, `  # Add this rule if you have a single agent and use the alerts on InfluxQL, which
  # cannot exclude it. With several agents, the rule would silence alerts of the others.
  # - source_matchers: ['alertname = SMTPProberSuspect']
  #   target_matchers: ['alertname =~ "%s"']
`, strings.Join(overAllAgents, "|"))
	return b.String()
}
