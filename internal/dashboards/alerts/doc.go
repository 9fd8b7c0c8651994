// Package alerts writes the alert rules in the folder dashboards/alerts/ from
// one list: for Prometheus, for Grafana on InfluxQL and on Prometheus, and for
// Kapacitor. Numbers of classes and names of phases come from the classifier's
// table. `go generate` in internal/dashboards writes the files, and a test
// fails while they differ.
//
// All of them ask per relay and never by a tag that tells the outcome, so that
// a relay that changes its outcome stays one relay. Where an alert is about an
// outcome it goes by the fields success and result_code.
package alerts
