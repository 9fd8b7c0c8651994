package alerts

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// vantage lists the tags of an address of a relay and the agent that probes it. It
// does not include the tag probe, by which a relay with send_interval is two series.
var vantage = []string{"relay", "source", "ip", "host"}

// All returns the alerts, in the order of the files and of the documentation.
func All(t Timing) []Alert {
	return slices.Concat(relayAlerts(t), tlsAlerts(), budgetAlerts(t), mailAlerts(t), policyAlerts(), proberAlerts())
}

// Refusals returns the classes of refusals by a reply, except refused logins, which
// have an alert of their own, and refusals of RSET and QUIT, which do not affect mail.
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

// each joins the condition of every class.
func each(condition, or string, classes []smtperr.Class) string {
	conditions := make([]string, 0, len(classes))
	for _, class := range classes {
		conditions = append(conditions, strings.ReplaceAll(condition, "%s", strconv.Itoa(int(class))))
	}
	return strings.Join(conditions, or)
}

// failedWith is the InfluxQL condition of probes that failed with one of the classes.
func failedWith(condition string, classes ...smtperr.Class) string {
	return `"success" = 0 AND (` + each(condition, " OR ", classes) + ")"
}

// promFailed selects the probes that failed with one of the classes.
func promFailed(classes ...smtperr.Class) string {
	return "(smtpprobe_success == 0 and (" + each("smtpprobe_result_code == %s", " or ", classes) + "))"
}

// promCount counts the selected probes of each relay, one in every interval.
func promCount(selected string) string {
	return "sum by (relay) (count_over_time(" + selected + "[{10}:{1}]))"
}
