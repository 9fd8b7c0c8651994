package alerts

import (
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// trusted leaves out the series of suspect agents, whose own network is down.
// Alertmanager cannot do that: alerts over all agents have no label host.
func trusted(expr string) string {
	return "(" + expr + " unless on (host) smtpprobe_gather_suspect == 1)"
}

// trustedOver is trusted for an expression over a window: it leaves out agents
// that were suspect at any time in that window.
func trustedOver(window, expr string) string {
	return "(" + expr + " unless on (host) max_over_time(smtpprobe_gather_suspect[" + window + "]) == 1)"
}

// week is the number of one-minute intervals of a week.
const week = 7 * 24 * 60

// relayAlerts returns the alerts on the outcomes of probes.
func relayAlerts(t Timing) []Alert {
	inARow, success := trusted("smtpprobe_consecutive_failures"), trusted("smtpprobe_success")
	lastInARow := selectBy(`last("consecutive_failures")`, "smtpprobe", "", vantage...)
	return []Alert{
		{
			Name: "SMTPRelayDown", Severity: Critical, Outcome: true,
			Summary: "{relay} has failed {value} probes in a row from every vantage point",
			Do: "No agent can use this relay, so look at the relay itself. The dashboard's table Failing now has the class and the reason; " +
				"smtpprobe check URL --transcript shows the session.",
			Value: "number of consecutive failures at the best vantage point", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: oneQuery(10, thenBy("min", lastInARow, "relay")),
			PromQL:   "min by (relay) " + inARow,
		},
		{
			Name: "SMTPRelayPartlyDown", Severity: Warning, Outcome: true,
			Summary: "{relay} fails from some vantage points or addresses only",
			Do: "Compare the agents and addresses in the dashboard's table Down from here, or from everywhere? If one agent fails, look at its network, DNS and credentials, " +
				"and whether the relay blocks its address. If one address fails, look at that host.",
			Value: "number of consecutive failures at the worst vantage point, while the best one has fewer than three,", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: oneQuery(10, `SELECT "value" FROM (SELECT max("value") AS "value", min("value") AS "least" FROM (`+lastInARow+`) WHERE `+timeRange+
				groupBy([]string{"relay"})+`) WHERE `+timeRange+` AND "least" < 3`+groupBy([]string{"relay"})),
			PromQL:      "max by (relay) " + inARow + " >= 3 unless min by (relay) " + inARow + " >= 3",
			PromQLWhole: true,
		},
		{
			Name: "SMTPAuthFailures", Severity: Critical, Outcome: true,
			Summary: "{relay} refused {value} logins in the last " + t.intervals(10),
			Do: "Look at the reason: auth_credentials_invalid means a changed or expired password or token, account_disabled and password_transition concern the account, " +
				"auth_temporary concerns the relay's password backend. Stop probing with a wrong password before the account is locked.",
			Value: "number of probes that failed with class auth_failed in ten intervals", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: oneQuery(10, selectBy(`count("success")`, "smtpprobe", failedWith(`"result_code" = %s`, smtperr.ClassAuthFailed), "relay")),
			PromQL:   promCount(promFailed(smtperr.ClassAuthFailed)),
		},
		{
			Name: "SMTPRefusals", Severity: Critical, Outcome: true,
			Summary: "{relay} refused {value} probes in the last " + t.intervals(10),
			Do: "Look at class, reason and reply code. A refused greeting or EHLO concerns this client's address, name or reputation; a refused sender, recipient or message concerns policy or content; " +
				"service_unavailable concerns the relay's load or limits.",
			Value: "number of probes refused by a reply, except to AUTH, in ten intervals", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: oneQuery(10, selectBy(`count("success")`, "smtpprobe", failedWith(`"result_code" = %s`, Refusals()...), "relay")),
			PromQL:   promCount(trusted(promFailed(Refusals()...))),
		},
		{
			Name: "SMTPOpenRelay", Severity: Critical, Outcome: true,
			Summary: "{relay} accepted what it should refuse",
			Do:      "With reason open_relay, the relay accepts mail from anybody to anybody: restrict relaying at once, then look at the queue. With reason expectation_missed, it accepted a login or a message that it should have refused.",
			Value:   "result_code of the latest probe, unless expect lists it,", By: vantage, Op: "==", Threshold: float64(smtperr.ClassUnexpectedSuccess),
			InfluxQL: oneQuery(10, selectBy(`last("result_code")`, "smtpprobe", "", vantage...)),
			PromQL:   "max by (relay, source, ip, host) (smtpprobe_result_code * (1 - smtpprobe_success))",
		},
		{
			Name: "SMTPAvailabilityLow", Severity: Warning, Outcome: true,
			Summary: "only {value} of the probes of {relay} succeeded in the last " + t.intervals(60), Unit: share,
			Do:    "The relay fails from time to time: compare the times of the failures in the dashboard's state timeline with its load, its restarts and its rate limits.",
			Value: "share of at least ten probes with the expected outcome over sixty intervals", By: []string{"relay"}, Op: "<", Threshold: 0.9,
			InfluxQL: oneQuery(60, `SELECT "value" FROM (SELECT mean("success") AS "value", count("success") AS "probes" FROM "smtpprobe" WHERE `+timeRange+
				groupBy([]string{"relay"})+`) WHERE `+timeRange+` AND "probes" >= 10`+groupBy([]string{"relay"})),
			PromQL:      "avg by (relay) (avg_over_time(" + success + "[{60}:{1}])) < 0.9 and sum by (relay) (count_over_time(" + success + "[{60}:{1}])) >= 10",
			PromQLWhole: true,
		},
		{
			Name: "SMTPPhaseSlow", Severity: Warning,
			Summary: "the phase {phase} of {relay} takes {value} on average, from {host}", Unit: seconds,
			Do: "The usual causes are, for connect, the network or a full backlog; for greeting, ehlo, mail and rcpt, the relay's DNS lookups, block lists and filters; for auth, its password backend; for dot, its content filters and disks. " +
				"A relay that delays its greeting on purpose needs a higher threshold.",
			Value: "mean time of the phase over ten intervals, in seconds,", By: []string{"relay", "host"}, Op: ">", Threshold: t.Slow.Seconds(),
			InfluxQL: phaseQueries(),
			PromQL: `max by (relay, host, phase) (avg_over_time(label_replace({__name__=~"smtpprobe_(` + strings.Join(phases(), "|") +
				`)_time"}, "phase", "$1", "__name__", "smtpprobe_(.+)_time")[{10}:{1}]))`,
		},
		{
			Name: "SMTPGroupDown", Severity: Critical,
			Summary: "no relay of the group {group} accepts mail, from {host}",
			Do:      "Every relay of the group fails, or one has a failure after which the policy tries no other relay, such as a refused login. Each relay has its own alerts; start with the first of the group.",
			Value:   "best outcome of the last three intervals (1: accepted)", By: []string{"group", "host"}, Op: "<", Threshold: 1,
			InfluxQL: oneQuery(3, selectBy(`max("success")`, "smtpprobe_group", "", "group", "host")),
			PromQL:   "max by (group, host) (max_over_time(smtpprobe_group_success[{3}]))",
		},
	}
}

// phaseQueries returns a query for each phase, since InfluxQL cannot compare fields.
func phaseQueries() []InfluxQL {
	names := phases()
	queries := make([]InfluxQL, 0, len(names))
	for _, phase := range names {
		queries = append(queries, InfluxQL{Variant: phase, Over: 10, Query: selectBy(`mean("`+phase+`_time")`, "smtpprobe", "", "relay", "host")})
	}
	return queries
}
