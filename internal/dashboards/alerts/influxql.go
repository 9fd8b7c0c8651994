package alerts

import (
	"fmt"
	"strings"
)

// timeRange stands for the condition on time in a query. Grafana replaces it.
const timeRange = "$timeFilter"

// selectBy returns a query of an expression for each combination of tags.
func selectBy(value, measurement, where string, by ...string) string {
	if where != "" {
		where = " AND " + where
	}
	return `SELECT ` + value + ` AS "value" FROM "` + measurement + `" WHERE ` + timeRange + where + groupBy(by)
}

// thenBy returns a query of a function over the values of a subquery.
func thenBy(function, subquery string, by ...string) string {
	return fmt.Sprintf(`SELECT %s("value") AS "value" FROM (%s) WHERE %s%s`, function, subquery, timeRange, groupBy(by))
}

func groupBy(tags []string) string { return ` GROUP BY "` + strings.Join(tags, `", "`) + `"` }

// oneQuery returns the queries of an alert with a single rule.
func oneQuery(over int, query string) []InfluxQL { return []InfluxQL{{Query: query, Over: over}} }

// rise returns the increase of a counter of the mail flow, also across restarts.
func rise(counter string) []InfluxQL {
	return oneQuery(60, thenBy("sum", selectBy(`non_negative_difference("`+counter+`")`, "smtpprobe_flow", "", "relay", "mailbox", "host"), "relay", "mailbox"))
}
