package alerts

import (
	"path"
	"strings"
)

// Files are the generated files by their paths in the folder dashboards/alerts.
func Files(t Timing) map[string][]byte {
	files := map[string][]byte{
		"prometheus.yml":         []byte(Prometheus(t)),
		"grafana-influxql.yml":   []byte(GrafanaInfluxQL(t)),
		"grafana-prometheus.yml": []byte(GrafanaPrometheus(t)),
	}
	for _, a := range All(t) {
		files[path.Join("kapacitor", strings.ToLower(a.Name)+".tick")] = []byte(a.Tick(t))
	}
	return files
}
