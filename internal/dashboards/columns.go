package dashboards

import "github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"

// columns maps the names of columns in queries to the titles in tables.
var columns = map[string]string{
	"time": "Time", "Time": "Time", "_time": "Time", "at": "Time", "relay": "Relay", "host": "Vantage point", "source": "Host", "ip": "Address", "probe": "Probe", "domain": "Domain",
	"class": "Class", "result": "Class", "error_class": "Class", "reason": "Reason", "result_reason": "Reason", "fault": "Who has to act", "result_fault": "Who has to act",
	"phase": "Phase", "result_phase": "Phase", "reply": "Reply", "smtp_code": "Reply", "enhanced": "Enhanced code", "enhanced_code": "Enhanced code",
	"in_a_row": "Failures in a row", "backend": "Backend", "greeting_host": "Backend", "error": "Error",
	"vantage_points": "Vantage points", "failing": "Failing",
	"median": "Median", "p95": "p95", "p99": "p99",
	"extensions": "Extensions", "auth_mechanisms": "AUTH mechanisms", "size_limit": "Size limit",
	"tls_version": "TLS", "tls_cipher": "Cipher", "tls_group": "Key exchange", "tls_verified": "Verified", "cert_expiry": "Certificate left", "chain_expiry": "Chain left",
	"cert_issuer": "Issuer", "cert_fingerprint": "Fingerprint", "cert_key": "Key",
	"what": "What", "layer": "Layer", "before": "Before", "after": "After", "added": "Added", "removed": "Removed",
	"mailbox": "Mailbox", "state": "State", "folder": "Folder", "delay": "Delay", "hops": "Hops", "slowest_hop": "Slowest hop", "slowest_hop_time": "Slowest hop's time",
	"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "message_id": "Message ID",
	"in_flight": "In flight", "oldest_age": "Oldest", "held": "Held", "seconds_since_arrival": "Since an arrival", "sent_total": "Sent", "arrived_total": "Arrived",
	"late_total": "Late", "lost_total": "Lost", "found_total": "Found", "duplicate_total": "Duplicate", "bounced_total": "Bounced", "delayed_total": "Delayed",
	"success": "Works", "ours": "Ours", "foreign": "Foreign", "complete": "Complete",
	"dane": "DANE", "sts": "MTA-STS", "would_deliver": "Would deliver", "would_deliver_dane": "Delivers (DANE)", "would_deliver_sts": "Delivers (MTA-STS)", "outcome": "Result",
	"tlsa_match": "TLSA match", "sts_cert_expiry": "Policy host's certificate", "mx_total": "MX hosts", "mx_failing_dane": "Failing DANE", "mx_failing_sts": "Failing MTA-STS",
	"instance": "Input", "input": "Input", "targets": "Targets", "succeeded": "Succeeded", "failed": "Failed", "failed_network": "Failed by network", "skipped": "Skipped",
	"duration": "Duration", "suspect": "Suspect", "state_error": "State file",
}

// columnOverrides returns the units, mappings and links of columns.
func columnOverrides(dashboard string) []grafana.Override {
	var overrides []grafana.Override
	for _, unit := range []struct {
		name    string
		columns []string
	}{
		{"s", []string{"median", "p95", "p99", "cert_expiry", "chain_expiry", "delay", "slowest_hop_time", "oldest_age", "seconds_since_arrival", "sts_cert_expiry", "duration"}},
		{"decbytes", []string{"size_limit"}},
		{"dateTimeAsIso", []string{"at"}},
	} {
		for _, column := range unit.columns {
			overrides = append(overrides, grafana.Named(columns[column], grafana.Property{ID: "unit", Value: unit.name}))
		}
	}
	for _, column := range []string{"tls_verified", "success", "complete", "would_deliver", "would_deliver_dane", "would_deliver_sts"} {
		overrides = append(overrides, grafana.Named(columns[column], grafana.Property{ID: "mappings", Value: yesIsGood("yes", "no")}, coloredText()))
	}
	for _, column := range []string{"held", "suspect"} {
		overrides = append(overrides, grafana.Named(columns[column], grafana.Property{ID: "mappings", Value: yesIsBad()}, coloredText()))
	}
	link := func(column, title, url string, newTab bool) grafana.Override {
		return grafana.Named(columns[column], grafana.Property{ID: "links", Value: []grafana.DataLink{{Title: title, URL: url, TargetBlank: newTab}}})
	}
	return append(overrides,
		link("relay", "Show only this relay", "/d/"+dashboard+"?var-relay=${__value.raw:percentencode}&${datasource:queryparam}&${__url_time_range}", false),
		link("class", "What this class means", Docs+"classes.md", true))
}

func coloredText() grafana.Property {
	return grafana.Property{ID: "custom.cellOptions", Value: map[string]any{"type": "color-text"}}
}

// Docs is the URL of the documentation.
const Docs = "https://github.com/smtpprobe/telegraf-smtpprobe/blob/main/docs/"
