// Package dashboards draws the Grafana dashboards in the folder dashboards/
// from one source: the list of views, how each of them looks, how each data
// source asks for it, and the classifier's table, whose classes get their
// texts and colors wherever a class is shown. `go generate` writes the files,
// and a test fails while they differ.
package dashboards

//go:generate go run ./generate -document ../../docs/alerts.md
