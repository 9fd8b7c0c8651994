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
			"An agent whose own network is down proves nothing about relays. The alerts\n  # over all agents, which have no host, leave it out in their expressions.",
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
	fmt.Fprintf(&b, `# Alertmanager for the alerts in prometheus.yml: copy inhibit_rules into your
# configuration, or start with this file and name a receiver that pages.
# Generated: edit internal/dashboards/alerts, not this file.
#
#   amtool check-config alertmanager.yml

route:
  receiver: smtpprobe
  # A relay that is down is one notification, whatever else it causes.
  group_by: [alertname, relay]
  # Alerts with one cause fire within an interval of the probes or two.
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
	fmt.Fprintf(&b, `  # With a single agent and the alerts on InfluxQL, which cannot leave it out, add
  # this as well. With several agents it would silence what the others see.
  # - source_matchers: ['alertname = SMTPProberSuspect']
  #   target_matchers: ['alertname =~ "%s"']
`, strings.Join(overAllAgents, "|"))
	return b.String()
}
