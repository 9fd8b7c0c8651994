package alerts

// policyAlerts returns the alerts on senders that honor DANE or MTA-STS. A DANE status
// that no trusted resolver validated proves nothing and fires no alert.
func policyAlerts() []Alert {
	validated := `"dane" != 'unvalidated'`
	queries := func(function string) []InfluxQL {
		return []InfluxQL{
			{Variant: "dane", Over: 30, Query: thenBy(function, selectBy(`last("would_deliver_dane")`, "smtpprobe_policy", validated, vantage...), "relay")},
			{Variant: "sts", Over: 30, Query: thenBy(function, selectBy(`last("would_deliver_sts")`, "smtpprobe_policy", "", vantage...), "relay")},
		}
	}
	const either = `{__name__=~"smtpprobe_policy_would_deliver_(dane|sts)"}`
	const policy = `label_replace(` + either + `, "policy", "$1", "__name__", ".*_(dane|sts)")`
	return []Alert{
		{
			Name: "SMTPWouldNotDeliver", Severity: Critical,
			Summary: "senders that honor DANE or MTA-STS do not deliver to {relay}",
			Do: "The certificates of all its hosts contradict what the domain publishes, so Gmail, Outlook and many Postfix servers keep their mail queued. The dashboard's table Policy has the result for each host. " +
				"Publish TLSA records or an MTA-STS policy that match the certificates, or renew the certificates with the old key.",
			Value: "outcome of the best host under DANE or under MTA-STS (1: delivered)", By: []string{"relay"}, Op: "<", Threshold: 1,
			InfluxQL: queries("max"),
			PromQL:   "min by (relay) (max by (relay, policy) (" + policy + "))",
		},
		{
			Name: "SMTPWouldDeliverPartly", Severity: Warning,
			Summary: "senders that honor DANE or MTA-STS do not deliver to every host of {relay}",
			Do:      "Mail still arrives through the other hosts, but later. The dashboard's table Policy has the host and the result.",
			Value:   "outcome of the worst host under DANE or under MTA-STS (1: delivered)", By: []string{"relay"}, Op: "<", Threshold: 1,
			InfluxQL:    queries("min"),
			PromQL:      "min by (relay) (" + either + ") < 1 unless min by (relay) (max by (relay, policy) (" + policy + ")) < 1",
			PromQLWhole: true,
		},
	}
}
