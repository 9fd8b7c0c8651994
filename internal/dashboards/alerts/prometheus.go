package alerts

import (
	"fmt"
	"strings"
)

// Prometheus is the rule file.
func Prometheus(t Timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Alerts on SMTP relays, for a Prometheus that scrapes Telegraf as
# ../telegraf-prometheus.conf sets it up. Written for a probe every %s.
# Generated: edit internal/dashboards/alerts, not this file.
#
#   promtool check rules prometheus.yml
#   promtool test rules prometheus_test.yml

groups:
  - name: smtpprobe
    interval: %s
    rules:
`, t.intervals(1), t.intervals(1))
	for _, a := range All(t) {
		fmt.Fprintf(&b, "      # The %s.\n", strings.TrimSuffix(a.Value, ","))
		fmt.Fprintf(&b, "      - alert: %s\n        expr: %s\n", a.Name, quote(a.PromExpr(t)))
		if a.For > 0 {
			fmt.Fprintf(&b, "        for: %s\n", t.intervals(a.For))
		}
		fmt.Fprintf(&b, "        labels:\n          severity: %s\n        annotations:\n          summary: %s\n          what_to_do: %s\n",
			a.Severity, quote(a.placed(func(name string) string {
				if name == "value" {
					return "{{ $value | " + humane[a.Unit] + " }}"
				}
				return "{{ $labels." + name + " }}"
			})), quote(a.Do))
	}
	return b.String()
}

// quote is a text as YAML has it on one line.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
