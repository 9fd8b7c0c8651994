package alerts

import (
	"fmt"
	"strings"
)

// timeRange is the condition of time in a query; Grafana fills it in.
const timeRange = "$timeFilter"

// selectBy is a query of one step: an expression for each combination of tags.
func selectBy(value, measurement, where string, by ...string) string {
	if where != "" {
		where = " AND " + where
	}
	return `SELECT ` + value + ` AS "value" FROM "` + measurement + `" WHERE ` + timeRange + where + groupBy(by)
}

// thenBy is the second step of a query: a function over the values that the
// first step found.
func thenBy(function, first string, by ...string) string {
	return fmt.Sprintf(`SELECT %s("value") AS "value" FROM (%s) WHERE %s%s`, function, first, timeRange, groupBy(by))
}

func groupBy(tags []string) string { return ` GROUP BY "` + strings.Join(tags, `", "`) + `"` }

// oneQuery is the usual case.
func oneQuery(over int, query string) []InfluxQL { return []InfluxQL{{Query: query, Over: over}} }

// rise is how much a counter of the mail flow has grown, restarts included.
func rise(counter string) []InfluxQL {
	return oneQuery(60, thenBy("sum", selectBy(`non_negative_difference("`+counter+`")`, "smtpprobe_flow", "", "relay", "mailbox", "host"), "relay", "mailbox"))
}
