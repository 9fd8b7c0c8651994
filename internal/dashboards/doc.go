// Package dashboards generates the Grafana dashboards in the folder dashboards/, one
// for each data source. All of them have the same views.
//
// sections lists the views in order, and panelSpecs has the panel of each. A Source,
// such as InfluxQL, has the queries of each view, and Source.Dashboard puts both
// together. Names and colors of classes are those of the classifier.
//
// `go generate` writes the files. A test fails if they are out of date.
package dashboards

//go:generate go run ./generate -document ../../docs/alerts.md
