package alerts

// mailAlerts returns the alerts on messages that were followed to a mailbox.
func mailAlerts(t Timing) []Alert {
	flow := []string{"relay", "mailbox"}
	rose := func(counter string) string {
		return "sum by (relay, mailbox) (increase(smtpprobe_flow_" + counter + "[{60}]))"
	}
	return []Alert{
		{
			Name: "SMTPMailLost", Severity: Critical,
			Summary: "{value} messages sent through {relay} did not arrive in {mailbox} in the last " + t.intervals(60),
			Do: "The relay accepted them, and every watched folder of the mailbox was searched after the deadline. Look for the message id in the relay's log; a message that turns up later is counted as found. " +
				"The dashboard's row Mail flow has the messages.",
			Value: "number of lost messages in sixty intervals", By: flow, Op: ">", Threshold: 0,
			InfluxQL: rise("lost_total"), PromQL: rose("lost_total"),
		},
		{
			Name: "SMTPMailBounced", Severity: Critical,
			Summary: "{value} messages sent through {relay} to {mailbox} bounced in the last " + t.intervals(60),
			Do:      "The bounce's class, reason and diagnostic text are in the dashboard's table Bounces: they come from the server that refused the message, which need not be the relay.",
			Value:   "number of bounced messages in sixty intervals", By: flow, Op: ">", Threshold: 0,
			InfluxQL: rise("bounced_total"), PromQL: rose("bounced_total"),
		},
		{
			Name: "SMTPMailLate", Severity: Warning,
			Summary: "{value} messages sent through {relay} reached {mailbox} late in the last " + t.intervals(60),
			Do:      "Look at the slowest hop in the dashboard's row Mail flow: it names the host that kept the message, usually for its queue, greylisting or a content filter.",
			Value:   "number of messages that arrived late in sixty intervals", By: flow, Op: ">", Threshold: 2,
			InfluxQL: rise("late_total"), PromQL: rose("late_total"),
		},
		{
			Name: "SMTPMailDuplicated", Severity: Warning,
			Summary: "{value} messages sent through {relay} arrived more than once in {mailbox} in the last " + t.intervals(60),
			Do:      "A server sent a message again although the next one had accepted it: usually a reply to the final dot that comes too late, or an alias that expands twice.",
			Value:   "number of additional copies in sixty intervals", By: flow, Op: ">", Threshold: 0,
			InfluxQL: rise("duplicate_total"), PromQL: rose("duplicate_total"),
		},
		{
			Name: "SMTPMailJunk", Severity: Warning,
			Summary: "mail sent through {relay} is filed as junk in {mailbox}",
			Do:      "Look at the SPF, DKIM and DMARC results in the dashboard's row Mail flow, and at the sending address's reputation.",
			Value:   "number of messages found in the junk folder in sixty intervals", By: flow, Op: ">", Threshold: 0,
			InfluxQL:    oneQuery(60, selectBy(`count("delay")`, "smtpprobe_arrival", `"folder" = 'junk'`, flow...)),
			PromQL:      `count by (relay, mailbox) (last_over_time(smtpprobe_arrived_time{folder="junk"}[{60}]))`,
			PromQLWhole: true,
		},
		{
			Name: "SMTPMailSilent", Severity: Critical,
			Summary: "no message sent through {relay} has arrived in {mailbox} for {value}", Unit: seconds,
			Do:    "Either no message is sent, or none arrives. If none is sent, the relay has its own alert, or the flow is held because too many messages are in flight. The dashboard's table Mail flow has both numbers.",
			Value: "time since the last message of the flow arrived, in seconds,", By: flow, Op: ">", Threshold: t.Silent.Seconds(),
			InfluxQL: oneQuery(10, thenBy("min", selectBy(`last("seconds_since_arrival")`, "smtpprobe_flow", "", "relay", "mailbox", "host"), flow...)),
			PromQL:   "min by (relay, mailbox) " + trustedOver("{10}", "smtpprobe_flow_seconds_since_arrival"),
		},
		{
			Name: "SMTPMailboxUnreadable", Severity: Warning,
			Summary: "the mailbox {mailbox} cannot be read",
			Do:      "Until it can be read, it is unknown whether the messages in flight have arrived. The dashboard's table Mailboxes has the class and the error, as for a relay.",
			Value:   "best outcome of the last three intervals (1: read)", By: []string{"mailbox"}, Op: "<", Threshold: 1,
			InfluxQL: oneQuery(3, selectBy(`max("success")`, "smtpprobe_mailbox", "", "mailbox")),
			PromQL:   "max by (mailbox) " + trustedOver("{3}", "max_over_time(smtpprobe_mailbox_success[{3}])"),
		},
	}
}
