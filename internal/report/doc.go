// Package report renders results in line protocol, as outputs.file and smtpprobe
// --once write them, as one self-contained HTML page: a table of the relays, their
// states over time, the failures with advice, and the latency of each phase.
//
// Report.Read parses results and adds each metric to the data that it belongs to:
// a series for each target of a relay, a group, a change, a flow of mail, or the
// gathers of an agent. Report.WriteHTML computes a view of the data and executes
// the template page.html.
//
// Metrics of other plugins are skipped. Those of this plugin may be renamed, and
// their outcome tags may have been dropped. Colors are those of package palette,
// advice is that of package smtperr.
package report
