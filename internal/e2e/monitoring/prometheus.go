//go:build e2e

package monitoring

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

// prometheus is a Prometheus server.
type prometheus struct {
	*e2e.Program
	url string
}

// startPrometheus starts a server that scrapes the targets and evaluates the rules
// every second.
func startPrometheus(t *testing.T, rules, alertmanager string, targets []string) *prometheus {
	t.Helper()
	place := e2e.PlaceFor(t, "prometheus")
	place.WriteFile(t, "rules.yml", rules)
	return runPrometheus(t, place, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs:
  - job_name: telegraf
    static_configs: [{targets: [%s]}]
`, alertmanager, strings.Join(targets, ", ")))
}

// runPrometheus starts a server whose database is in the place's directory data.
func runPrometheus(t *testing.T, place e2e.Place, config string) *prometheus {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	require.NoError(t, err, "internal/e2e/install.sh installs it")
	file := place.WriteFile(t, "prometheus.yml", config)
	p := &prometheus{url: "http://" + place.At(9090), Program: e2e.StartProgram(t, place, "prometheus", path,
		"--config.file="+file, "--storage.tsdb.path="+place.File("data"), "--web.listen-address="+place.At(9090), "--log.level=warn")}
	p.Await(t, "it is ready", func() bool { return up(t, p.url+"/-/ready") })
	return p
}

func (p *prometheus) get(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	status, body := request(t, http.MethodGet, p.url+path+"?"+query.Encode(), "", "")
	require.Equal(t, http.StatusOK, status, "%s\n%s", query, body)
	require.NoError(t, json.Unmarshal(body, &struct{ Data any }{data}))
}

// result is one series of a response.
type result struct {
	Metric map[string]string
	Value  [2]any
	Values [][2]any
}

// query runs an instant query.
func (p *prometheus) query(t *testing.T, expr string) []result {
	t.Helper()
	var data struct{ Result []result }
	p.get(t, "/api/v1/query", url.Values{"query": {expr}}, &data)
	return data.Result
}

// number returns the value of a sample.
func number(t *testing.T, sample [2]any) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(fmt.Sprint(sample[1]), 64)
	require.NoError(t, err)
	return value
}

// promQL runs a dashboard's query with Grafana's variables, for all relays. The
// step is one second instead of 15, because the probes are one second apart
// instead of a minute.
func (p *prometheus) promQL(t *testing.T, q dashboards.Query, since time.Time, _ ...string) panel {
	t.Helper()
	elapsed := strconv.Itoa(max(1, int(time.Since(since).Seconds()))) + "s"
	expr := strings.NewReplacer("$__range", elapsed, "$__rate_interval", "4s", "$__interval", "1s", ":15s]", ":1s]",
		"$relay", ".*", "$probe", ".*", "$agent", ".*").Replace(q.Text)
	require.NotRegexp(t, unreplaced, expr)
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
	content := newPanel()
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
				content.add(name, number(t, sample))
			}
		}
		content.rows = append(content.rows, cells)
	}
	return content
}

// promLabels returns the labels in a legend.
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

// firing returns the firing alerts.
func (p *prometheus) firing(t *testing.T) []alert {
	t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	p.get(t, "/api/v1/alerts", nil, &data)
	var alerts []alert
	for _, a := range data.Alerts {
		if a.State == "firing" {
			alerts = append(alerts, newAlert(a.Labels["alertname"], a.Labels))
		}
	}
	return distinct(alerts)
}
