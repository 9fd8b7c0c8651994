// Package report turns results in line protocol, as outputs.file and smtpprobe
// --once write them, into one page of HTML that needs nothing else: the relays
// in a table, their states over time, where the time goes, and what failed.
//
// Only the metrics of the plugin are read, by whatever name; their outcome tags
// may have been dropped. Colours and advice come from the classifier's table.
package report
