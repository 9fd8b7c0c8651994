// Package alerts writes the alert rules in the folder dashboards/alerts/ from
// one list, for Prometheus with Alertmanager, and for Grafana's own alerting on
// InfluxQL and on Prometheus. Start with All, then follow one alert through
// Prometheus or GrafanaInfluxQL. The numbers of classes and the names of phases
// come from the classifier's tables. `go generate` in internal/dashboards writes
// the files, and a test fails while they differ.
//
// All queries group by a relay's stable tags, so that a relay that changes from
// one failure to another stays one relay. Alerts on an outcome use the fields
// success and result_code, which are there when the outcome's tags were dropped.
package alerts
