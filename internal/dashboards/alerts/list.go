package alerts

import (
	"errors"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// vantage are the tags that one address of a relay has as one agent sees it.
// The tag probe is not among them: a relay that gets a message now and then is
// two series by it.
var vantage = []string{"relay", "source", "ip", "host"}

// All are the alerts.
func All(t Timing) []Alert {
	return []Alert{
		{
			Name: "SMTPRelayDown", Severity: Critical,
			Summary: "{relay} has failed {value} probes in a row from everywhere",
			Do: "Nobody sees this relay work: look at the relay itself. The dashboard's table Failing now has the class, the reason and the error; " +
				"`smtpprobe check URL --transcript` shows the session.",
			Value: "number of probes failed in a row by the best vantage point", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: InfluxQL{Select: `last("consecutive_failures")`, By: vantage, Then: "min", Over: 10,
				Tick: tickFlat(`SELECT last("consecutive_failures") AS "value" FROM %s`, 10, vantage...) + `
  |groupBy('relay')
  |min('value')
    .as('value')`},
			PromQL: "min by (relay) (smtpprobe_consecutive_failures)",
		},
		{
			Name: "SMTPRelayPartlyDown", Severity: Warning,
			Summary: "{relay} fails for some vantage points or addresses only",
			Do: "Compare the agents and addresses in the dashboard's table Down from here, or from everywhere? Where one agent fails: its network, its DNS, its credentials, " +
				"and whether the relay blocks its address. Where one address fails: that host.",
			Value: "number of probes failed in a row by the worst vantage point, while the best has failed fewer,", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: InfluxQL{Select: `last("consecutive_failures")`, By: vantage, Then: "max", Over: 10, LeastBelow: 3,
				// The share of them where it is down.
				Tick: tickFlat(`SELECT last("consecutive_failures") AS "failures" FROM %s`, 10, vantage...) + `
  |eval(lambda: if("failures" >= 3, 1.0, 0.0))
    .as('down')
  |groupBy('relay')
  |mean('down')
    .as('value')`, TickFires: `"value" > 0.0 AND "value" < 1.0`},
			PromQL:      "max by (relay) (smtpprobe_consecutive_failures) >= 3 unless min by (relay) (smtpprobe_consecutive_failures) >= 3",
			PromQLWhole: true,
		},
		{
			Name: "SMTPAuthFailures", Severity: Critical,
			Summary: "{relay} has refused the login {value} times of late",
			Do: "Look at reason and reply code: auth_credentials_invalid is a changed or expired password or token, account_disabled or password_transition the account, " +
				"auth_temporary the relay's own backend. Stop probing with credentials that are wrong for good before the account is locked.",
			Value: "number of probes that failed with class auth_failed in ten intervals", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: InfluxQL{Select: `count("success")`, Where: failedWith(`"result_code" = %s`, smtperr.ClassAuthFailed), Over: 10,
				Tick: tickCount(smtperr.ClassAuthFailed)},
			PromQL: promCount(smtperr.ClassAuthFailed),
		},
		{
			Name: "SMTPRefusals", Severity: Critical,
			Summary: "{relay} has refused {value} probes of late",
			Do: "Look at class, reason and reply code: a greeting or EHLO refused is about this client's address, name or reputation; a sender, recipient or message refused about policy or content; " +
				"service_unavailable about the relay's load or its limits.",
			Value: "number of probes that a reply refused, other than at AUTH, in ten intervals", By: []string{"relay"}, Op: ">=", Threshold: 3,
			InfluxQL: InfluxQL{Select: `count("success")`, Where: failedWith(`"result_code" = %s`, Refusals()...), Over: 10,
				Tick: tickCount(Refusals()...)},
			PromQL: promCount(Refusals()...),
		},
		{
			Name: "SMTPPhaseSlow", Severity: Warning,
			Summary: "the phase {phase} of {relay} takes {value} on average, as {host} sees it", Unit: seconds,
			Do: "connect: the network, or a full backlog. greeting, ehlo, mail, rcpt: DNS lookups, block lists and filters of the relay. auth: its password backend. dot: its content filters and disks. " +
				"A relay that delays its greeting on purpose needs a higher threshold.",
			Value: "mean time of the phase over ten intervals, in seconds,", By: []string{"relay", "host"}, Op: ">", Threshold: t.Slow.Seconds(),
			InfluxQL: InfluxQL{Select: `mean("%s_time")`, Over: 10, Phases: phases(), Tick: tickPhases()},
			PromQL: `max by (relay, host, phase) (avg_over_time(label_replace({__name__=~"smtpprobe_(` + strings.Join(phases(), "|") +
				`)_time"}, "phase", "$1", "__name__", "smtpprobe_(.+)_time")[{10}:{1}]))`,
		},
		{
			Name: "SMTPCertificateExpiring", Severity: Warning,
			Summary: "the certificate of {relay} ({source}) expires in {value}", Unit: seconds,
			Do:    "Renew it, and have the relay load it: the probe sees what the relay serves, not what lies on its disk. A negative time: it has expired.",
			Value: "time left, in seconds,", By: []string{"relay", "source", "ip"}, Op: "<", Threshold: dashboards.ExpirySoon,
			InfluxQL: InfluxQL{Select: `last("cert_expiry")`, Over: 60,
				Tick: tickFlat(`SELECT last("cert_expiry") AS "value" FROM %s`, 60, "relay", "source", "ip")},
			PromQL: "min by (relay, source, ip) (smtpprobe_cert_expiry)",
		},
		{
			Name: "SMTPOpenRelay", Severity: Critical,
			Summary: "{relay} accepted what it should refuse",
			Do:      "With reason open_relay it takes mail for anybody: restrict relaying at once, then look at the queue. With expectation_missed a login or message was accepted that should not have been.",
			Value:   "number of the class of the latest probe, if it was unexpected,", By: vantage, Op: "==", Threshold: float64(smtperr.ClassUnexpectedSuccess),
			InfluxQL: InfluxQL{Select: `last("result_code")`, Over: 10,
				Tick: tickFlat(`SELECT last("result_code") AS "value" FROM %s`, 10, vantage...)},
			PromQL: "max by (relay, source, ip, host) (smtpprobe_result_code * (1 - smtpprobe_success))",
		},
		{
			Name: "SMTPNoData", Severity: Critical,
			Summary: "no probe of {relay} from {host} has been seen for a while",
			Do: "A relay that fails has data; this one has none. Is Telegraf running there, does its log say why smtpprobe ended, does the configuration still have the relay? " +
				"With the setting backoff a failing relay rests: let this alert wait longer than that.",
			Value: "number of probes in an interval, on average of the last five,", By: vantage, Op: "<", Threshold: 0.1,
			InfluxQL: InfluxQL{Select: `count("success")`, By: vantage, Every: 5, Over: 60,
				Tick: `  |query('''SELECT count("success") AS "probes" FROM ` + tickFrom + `''')
    .period({60})
    .every({1})
    .groupBy(time({1}), '` + strings.Join(vantage, "', '") + `')
    .fill(0)
  |movingAverage('probes', 5)
    .as('value')
  |last('value')
    .as('value')`},
			PromQL: "max by (relay, source, ip, host) (last_over_time(smtpprobe_success[{60}])) unless max by (relay, source, ip, host) (smtpprobe_success)", PromQLWhole: true,
			For: 2,
		},
		{
			Name: "SMTPAvailabilityLow", Severity: Warning,
			Summary: "only {value} of the probes of {relay} have worked of late", Unit: share,
			Do:    "The relay comes and goes: compare the times of the failures with its load, its restarts and its rate limits in the dashboard's state timeline.",
			Value: "share of probes with the expected outcome over sixty intervals", By: []string{"relay"}, Op: "<", Threshold: 0.9,
			InfluxQL: InfluxQL{Select: `mean("success")`, Over: 60, Tick: tickFlat(`SELECT mean("success") AS "value" FROM %s`, 60, "relay")},
			PromQL:   "avg by (relay) (avg_over_time(smtpprobe_success[{60}]))",
		},
		{
			Name: "SMTPGroupDown", Severity: Critical,
			Summary: "no relay of the group {group} takes mail, as {host} sees it",
			Do:      "Every relay of the group fails, or one failed in a way after which the policy tries no other, such as a refused login. The relays have alerts of their own; begin with the first of the group.",
			Value:   "best outcome of the last three intervals, 1 for served,", By: []string{"group", "host"}, Op: "<", Threshold: 1,
			InfluxQL: InfluxQL{Measurement: "smtpprobe_group", Select: `max("success")`, Over: 3,
				Tick: strings.ReplaceAll(tickFlat(`SELECT max("success") AS "value" FROM %s`, 3, "group", "host"), `"smtpprobe"`, `"smtpprobe_group"`)},
			PromQL: "max by (group, host) (max_over_time(smtpprobe_group_success[{3}]))",
		},
	}
}

// Refusals are the classes of what a reply refused, but for refused logins,
// which have an alert of their own. What a reply to RSET or QUIT says refuses
// nothing.
func Refusals() []smtperr.Class {
	var classes []smtperr.Class
	for _, class := range smtperr.Classes() {
		if errors.Is(&smtperr.Error{Class: class}, smtperr.ErrRefused) && class != smtperr.ClassAuthFailed && class != smtperr.ClassResponseError {
			classes = append(classes, class)
		}
	}
	return classes
}

func phases() []string {
	timed := dashboards.TimedPhases()
	names := make([]string, 0, len(timed))
	for _, phase := range timed {
		names = append(names, string(phase))
	}
	return names
}

// each renders a condition for every class and joins them.
func each(condition, or string, classes []smtperr.Class) string {
	conditions := make([]string, 0, len(classes))
	for _, class := range classes {
		conditions = append(conditions, strings.ReplaceAll(condition, "%s", strconv.Itoa(int(class))))
	}
	return strings.Join(conditions, or)
}

func failedWith(condition string, classes ...smtperr.Class) string {
	return `"success" = 0 AND (` + each(condition, " OR ", classes) + ")"
}

// promCount counts, by a look at every interval.
func promCount(classes ...smtperr.Class) string {
	return "sum by (relay) (count_over_time((smtpprobe_success == 0 and (" + each("smtpprobe_result_code == %s", " or ", classes) + "))[{10}:{1}]))"
}
