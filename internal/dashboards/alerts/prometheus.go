package alerts

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
)

// Prometheus is the rule file.
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
      # What fails now, for the descriptions of the alerts.
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
					return "{{ $value | " + humane[a.Unit] + " }}"
				}
				return "{{ $labels." + name + " }}"
			})), quote(a.outcome()+a.Do), a.Runbook())
	}
	return b.String()
}

// failing is a recording rule: one series for each relay that fails now,
// labelled with its failure.
const failing = "smtpprobe:failing:time"

// outcome looks up what fails when the alert fires: Prometheus has the text of
// the outcome as labels of a series of its own.
func (a Alert) outcome() string {
	if !a.Outcome {
		return ""
	}
	query := "topk(5, " + failing + "{relay=%q})"
	return `{{ range query (printf "` + query + `" $labels.relay) }}` +
		`Now from {{ .Labels.host }}: {{ .Labels.result }}/{{ .Labels.result_reason }} at {{ .Labels.result_phase }}{{ if ne .Labels.smtp_code "0" }}, reply {{ .Labels.smtp_code }}{{ end }}` +
		`{{ with .Labels.backend }}, backend {{ . }}{{ end }}. {{ end }}`
}

// quote is a text as YAML has it on one line.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
