// Package alerts generates the alert rules in the folder dashboards/alerts/ from one
// list: for Prometheus with Alertmanager, and for Grafana's alerting on InfluxQL and
// on Prometheus. Start with All, then follow one alert through Prometheus or
// GrafanaInfluxQL. `go generate` in internal/dashboards writes the files. A test fails
// if they are out of date.
//
// All queries group by the stable tags of a relay, so that a relay whose failure
// changes stays one relay. Alerts on an outcome use the fields success and
// result_code, which exist also if the tags of the outcome were dropped.
package alerts
