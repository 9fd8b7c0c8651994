package alerts

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Burn is a rate at which an error budget is spent: Factor times the rate that spends
// it in 30 days. It applies to a long window and to a short one, which ends the alert
// soon after the failures. The three pairs are those of Google's SRE Workbook, chapter 5.
type Burn struct {
	Factor      float64
	Long, Short int // minutes
	spends      string
}

var burns = []Burn{
	{Factor: 14.4, Long: 60, Short: 5, spends: "2% of the month's budget in an hour"},
	{Factor: 6, Long: 6 * 60, Short: 30, spends: "5% of the month's budget in six hours"},
	{Factor: 1, Long: 3 * 24 * 60, Short: 6 * 60, spends: "10% of the month's budget in three days"},
}

// budgetAlerts returns the alerts on the error budget. They are by fault, so that a
// refused password and a dead network are different alerts, and the label names who
// has to act. Faults of the prober do not spend the budget of a relay.
func budgetAlerts(t Timing) []Alert {
	names := []string{"SMTPErrorBudgetBurnFast", "SMTPErrorBudgetBurn", "SMTPErrorBudgetBurnSlow"}
	severities := []Severity{Critical, Critical, Warning}
	alerts := make([]Alert, 0, len(burns))
	for i, burn := range burns {
		alerts = append(alerts, Alert{
			Name: names[i], Severity: severities[i], Unit: share, Outcome: true, Burn: &burn,
			Summary: "{relay}: {value} of the probes fail, fault {fault}; at this rate they spend " + burn.spends,
			Do: "The label fault names who has to act: network, relay, credentials, message or config. The dashboard's row Failures shows since when, and by class. " +
				"The objective is " + percent(t.Objective) + " of the probes.",
			Value: fmt.Sprintf("share of probes that failed with this fault over %s, and over %s as well,", duration(t.minutes(burn.Long)), duration(t.minutes(burn.Short))),
			By:    []string{"relay", "fault"}, Op: ">", Threshold: burn.threshold(t),
		})
	}
	return alerts
}

// threshold returns the share of failures above which the alert fires.
func (b Burn) threshold(t Timing) float64 {
	const digits = 6
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(b.Factor*(1-t.Objective), 'f', digits, 64), 64)
	if err != nil {
		panic(err) // FormatFloat's output parses
	}
	return rounded
}

// minProbes returns the minimum number of probes in the long window. A new relay has
// few, and a single failure among them must not fire the alert.
func (b Burn) minProbes(t Timing) int { return int(math.Ceil(2 / b.threshold(t))) }

// windows returns the long and the short window.
func (b Burn) windows(t Timing) [2]time.Duration {
	return [2]time.Duration{t.minutes(b.Long), t.minutes(b.Short)}
}

// promQL has the share of the long window as its value. It leaves out agents that
// were suspect in the short window. Their failures still count in the long one
// later, but without failures in the short one the alert does not fire.
func (b Burn) promQL(t Timing) string {
	windows := b.windows(t)
	short := duration(windows[1])
	above := func(window time.Duration) string {
		increase := func(counter string) string {
			return trustedOver(short, "increase("+counter+"["+duration(window)+"])")
		}
		return fmt.Sprintf("sum by (relay, result_fault) %s / on (relay) group_left () sum by (relay) %s > %s",
			increase("smtpprobe_fault_failures_total"), increase("smtpprobe_probes_total"), strconv.FormatFloat(b.threshold(t), 'f', -1, 64))
	}
	enough := fmt.Sprintf("sum by (relay) (increase(smtpprobe_probes_total[%s])) >= %d", duration(windows[0]), b.minProbes(t))
	return `sum by (relay, fault) (label_replace(` + above(windows[0]) + " and " + above(windows[1]) + " and on (relay) " + enough +
		`, "fault", "$1", "result_fault", "(.+)"))`
}

// Fires reports whether the alert fires for the numbers of failures and probes in the
// long and in the short window.
func (b Burn) Fires(t Timing, failedLong, allLong, failedShort, allShort float64) bool {
	above := func(failed, all float64) bool { return all > 0 && failed/all > b.threshold(t) }
	return allLong >= float64(b.minProbes(t)) && above(failedLong, allLong) && above(failedShort, allShort)
}

// condition returns the condition of Fires, with these names for the values.
func (b Burn) condition(t Timing, failedLong, allLong, failedShort, allShort string) string {
	threshold := strconv.FormatFloat(b.threshold(t), 'f', -1, 64)
	return fmt.Sprintf("%s / %s > %s && %s / %s > %s && %s >= %d", failedLong, allLong, threshold, failedShort, allShort, threshold, allLong, b.minProbes(t))
}

// BurnQuery counts failures or probes in one of the windows of a Burn.
type BurnQuery struct {
	RefID  string // A and C count failures, B and D all probes
	Query  string
	Window time.Duration
}

// InfluxQL returns four queries. The quotients A / B of the long window and C / D of
// the short one are compared with the threshold. The queries count points, since the
// counters failures_total and probes_total are not by fault. If the tag fault was
// dropped, all failures are one series.
func (b Burn) InfluxQL(t Timing) []BurnQuery {
	windows := b.windows(t)
	queries := make([]BurnQuery, 0, 2*len(windows))
	for i, window := range windows {
		queries = append(queries,
			BurnQuery{string(rune('A' + 2*i)), `SELECT count("success") AS "value" FROM "smtpprobe" WHERE ` + timeRange + ` AND "success" = 0 AND "result_fault" != 'prober' GROUP BY "relay", "fault"`, window},
			BurnQuery{string(rune('B' + 2*i)), `SELECT count("success") AS "value" FROM "smtpprobe" WHERE ` + timeRange + ` GROUP BY "relay"`, window})
	}
	return queries
}

// percent formats a share.
func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', -1, 64) + "%"
}
