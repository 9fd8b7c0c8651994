//go:build e2e

package story

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// prometheus is one server.
type prometheus struct {
	*e2e.Program
	url string
}

// startPrometheus scrapes the agents and evaluates the rules every second.
func startPrometheus(t *testing.T, rules, alertmanager string, targets []string) *prometheus {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	require.NoError(t, err, "internal/e2e/install.sh installs it")
	place := e2e.PlaceFor(t, "prometheus")
	place.WriteFile(t, "rules.yml", rules)
	config := place.WriteFile(t, "prometheus.yml", fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - job_name: telegraf
    static_configs: [{targets: [%s]}]
`, alertmanager, strings.Join(targets, ", ")))
	p := &prometheus{url: "http://" + place.At(9090), Program: e2e.StartProgram(t, place, "prometheus", path,
		"--config.file="+config, "--storage.tsdb.path="+place.File("data"), "--web.listen-address="+place.At(9090), "--log.level=warn")}
	p.Await(t, "is ready", func() bool { return up(t, p.url+"/-/ready") })
	return p
}

func (p *prometheus) get(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	status, body := request(t, http.MethodGet, p.url+path+"?"+query.Encode(), "", "")
	require.Equal(t, http.StatusOK, status, "%s\n%s", query, body)
	require.NoError(t, json.Unmarshal(body, &struct{ Data any }{data}))
}

// result is one series of an answer.
type result struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

func (p *prometheus) query(t *testing.T, expr string) []result {
	t.Helper()
	var data struct{ Result []result }
	p.get(t, "/api/v1/query", url.Values{"query": {expr}}, &data)
	return data.Result
}

func number(t *testing.T, sample [2]any) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(fmt.Sprint(sample[1]), 64)
	require.NoError(t, err)
	return value
}

// promQL asks a dashboard's query as Grafana would, with All chosen. Its steps
// of 15 seconds, for probes a minute apart, are one here.
func (p *prometheus) promQL(t *testing.T, q dashboards.Query, since time.Time, _ ...string) answer {
	t.Helper()
	elapsed := strconv.Itoa(max(1, int(time.Since(since).Seconds()))) + "s"
	expr := strings.NewReplacer("$__range", elapsed, "$__rate_interval", "4s", "$__interval", "1s", ":15s]", ":1s]",
		"$relay", ".*", "$probe", ".*", "$agent", ".*").Replace(q.Text)
	require.NotRegexp(t, unknown, expr)
	query := url.Values{"query": {expr}}
	path := "/api/v1/query"
	if !q.Now {
		path = "/api/v1/query_range"
		query.Set("start", since.UTC().Format(time.RFC3339Nano))
		query.Set("end", time.Now().UTC().Format(time.RFC3339Nano))
		query.Set("step", "1s")
	}
	var data struct{ Result []result }
	p.get(t, path, query, &data)
	a := newAnswer()
	for _, series := range data.Result {
		name := q.Legend
		cells := make(map[string]any)
		for _, label := range promLabels(q.Legend) {
			name = strings.ReplaceAll(name, "{{"+label+"}}", series.Metric[label])
		}
		for label, value := range series.Metric {
			cells[label] = value
		}
		if q.Now {
			series.Values = [][2]any{series.Value}
		}
		for _, sample := range series.Values {
			cells["Value"] = number(t, sample)
			if !q.Table {
				a.add(name, number(t, sample))
			}
		}
		a.rows = append(a.rows, cells)
	}
	return a
}

// promLabels are the labels that a legend names.
func promLabels(legend string) []string {
	var labels []string
	for {
		_, after, found := strings.Cut(legend, "{{")
		if !found {
			return labels
		}
		var label string
		label, legend, _ = strings.Cut(after, "}}")
		labels = append(labels, label)
	}
}

// firing are the alerts that Prometheus itself says fire.
func (p *prometheus) firing(t *testing.T) []fired {
	t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	p.get(t, "/api/v1/alerts", nil, &data)
	var alerts []fired
	for _, a := range data.Alerts {
		if a.State == "firing" {
			alerts = append(alerts, newFired(a.Labels["alertname"], a.Labels))
		}
	}
	return distinct(alerts)
}
