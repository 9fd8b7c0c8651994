package alerts

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
)

// Prometheus returns the rule file.
func Prometheus(t Timing) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Alerts on SMTP relays, for a Prometheus that scrapes Telegraf as
# ../telegraf-prometheus.conf sets it up. For a probe every %s.
# Generated: edit internal/dashboards/alerts, not this file.
#
#   promtool check rules prometheus.yml
#   promtool test rules prometheus_test.yml

groups:
  - name: smtpprobe
    interval: %s
    rules:
      # Current failures, for the descriptions of the alerts.
      - record: %s
        expr: '%s'
`, t.intervals(1), t.intervals(1), failing, dashboards.FailingNow)
	for _, a := range All(t) {
		fmt.Fprintf(&b, "      # The %s.\n", strings.TrimSuffix(a.Value, ","))
		fmt.Fprintf(&b, "      - alert: %s\n        expr: %s\n", a.Name, quote(a.PromExpr(t)))
		if a.For > 0 {
			fmt.Fprintf(&b, "        for: %s\n", t.intervals(a.For))
		}
		fmt.Fprintf(&b, "        labels:\n          severity: %s\n        annotations:\n          summary: %s\n          description: %s\n          runbook_url: %s\n",
			a.Severity, quote(a.placed(func(name string) string {
				if name == "value" {
					return "{{ $value | " + formats[a.Unit] + " }}"
				}
				return "{{ $labels." + name + " }}"
			})), quote(a.outcome()+a.Do), a.Runbook())
	}
	return b.String()
}

// failing is the name of a recording rule with a series for each failing relay. Its
// failure is in the labels.
const failing = "smtpprobe:failing:time"

// outcome returns a template that lists the current failures of the relay, from the
// labels of the recording rule.
func (a Alert) outcome() string {
	if !a.Outcome {
		return ""
	}
	query := "topk(5, " + failing + "{relay=%q})"
	return `{{ range query (printf "` + query + `" $labels.relay) }}` +
		`Now from {{ .Labels.host }}: {{ .Labels.result }}/{{ .Labels.result_reason }} at {{ .Labels.result_phase }}{{ if ne .Labels.smtp_code "0" }}, reply {{ .Labels.smtp_code }}{{ end }}` +
		`{{ with .Labels.backend }}, backend {{ . }}{{ end }}. {{ end }}`
}

// quote returns a text as a quoted YAML scalar.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
