package alerts

// Files are the generated files by their names in the folder dashboards/alerts.
// It fails where Validate does.
func Files(t Timing) (map[string][]byte, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return map[string][]byte{
		"prometheus.yml":         []byte(Prometheus(t)),
		"alertmanager.yml":       []byte(Alertmanager(t)),
		"grafana-influxql.yml":   []byte(GrafanaInfluxQL(t)),
		"grafana-prometheus.yml": []byte(GrafanaPrometheus(t)),
	}, nil
}
