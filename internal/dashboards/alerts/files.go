package alerts

// Files returns the contents of the generated files, by their names in the folder
// dashboards/alerts. Its error is that of Timing.Validate.
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
