package alerts

import (
	"fmt"
	"strings"
	"time"
)

// Document returns the section of docs/alerts.md that describes the alerts.
func Document(t Timing) string {
	var b strings.Builder
	for _, a := range All(t) {
		fmt.Fprintf(&b, "### %s\n\n", a.Name)
		b.WriteString(wrapped("", fmt.Sprintf("%s. “%s.” Fires where the %s is %s %s.", upperFirst(string(a.Severity)),
			upperFirst(a.placed(func(name string) string { return "*" + name + "*" })), a.Value, a.Op, a.threshold())))
		fmt.Fprintf(&b, "\n%s\n```sql\n%s\n```\n\n```promql\n%s\n```\n\n", wrapped("", "What to do: "+a.Do), a.documentQuery(t), a.PromExpr(t))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// documentQuery returns the first InfluxQL queries of an alert, or those of an error
// budget.
func (a Alert) documentQuery(t Timing) string {
	in := func(query string, window time.Duration) string {
		return strings.ReplaceAll(query, timeRange, "time > now() - "+duration(window))
	}
	var lines []string
	if a.Burn != nil {
		for _, q := range a.Burn.InfluxQL(t) {
			lines = append(lines, "-- "+q.RefID, in(q.Query, q.Window))
		}
		return strings.Join(append(lines, "-- fires where "+a.Burn.condition(t, "A", "B", "C", "D")), "\n")
	}
	phases := 0
	for _, q := range a.InfluxQL {
		if phases++; phases > 2 {
			lines = append(lines, "-- likewise for the other phases")
			break
		}
		lines = append(lines, in(t.Scaled(q.Query), t.Interval*time.Duration(q.Over)))
	}
	return strings.Join(lines, "\n")
}
