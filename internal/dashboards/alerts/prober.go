package alerts

import "strings"

// proberAlerts returns the alerts on the agents.
func proberAlerts() []Alert {
	return []Alert{
		{
			Name: "SMTPProberSuspect", Severity: Critical,
			Summary: "the network of {host} fails: most of its probes have network or prober faults",
			Do:      "In one gather, more than half of its probes failed with fault network or prober. Look at this machine's network, DNS, firewall and clock before looking at any relay. Other agents' probes still count.",
			Value:   "field suspect of the latest gather", By: []string{"host"}, Op: ">=", Threshold: 1,
			InfluxQL: oneQuery(3, thenBy("max", selectBy(`last("suspect")`, "smtpprobe_gather", "", "host", "instance"), "host")),
			PromQL:   "max by (host) (smtpprobe_gather_suspect)",
		},
		{
			Name: "SMTPNoData", Severity: Critical,
			Summary: "{host} has stopped probing {relay}",
			Do: "A relay that fails has data; this one has none. Is Telegraf running there? Does its log say why smtpprobe ended? Is the relay still configured? " +
				"With the setting backoff, a failing relay is skipped for a while: make this alert wait longer than that. " +
				"The alert lasts until there is data again, for a week at most; silence it for a relay that was removed.",
			Value: "number of probes in five intervals, as a mean over the last ten,", By: vantage, Op: "<", Threshold: 0.1,
			// InfluxDB 1.x finds nothing if the outer query has a condition on time and
			// steps are longer than a second.
			InfluxQL: oneQuery(week, `SELECT last("value") AS "value" FROM (SELECT moving_average(count("success"), 2) AS "value" FROM "smtpprobe" WHERE `+timeRange+
				` GROUP BY time({5}), "`+strings.Join(vantage, `", "`)+`" fill(0))`+groupBy(vantage)),
			// The subquery finds relays that have been probed for a while, the hour
			// finds new ones.
			PromQL: "max by (relay, source, ip, host) (last_over_time(smtpprobe_success[{60}]) or last_over_time(smtpprobe_success[{10080}:{15}]))" +
				" unless max by (relay, source, ip, host) (smtpprobe_success)", PromQLWhole: true,
			For: 2,
		},
	}
}
