package alerts

import (
	"fmt"
	"strings"
)

// Document is the section of docs/alerts.md that describes each alert.
func Document(t Timing) string {
	var b strings.Builder
	for _, a := range All(t) {
		fmt.Fprintf(&b, "### %s\n\n", a.Name)
		b.WriteString(wrapped("", fmt.Sprintf("%s. “%s.” Fires where the %s is %s %s.", upperFirst(string(a.Severity)),
			upperFirst(a.placed(func(name string) string { return "*" + name + "*" })), a.Value, a.Op, a.threshold())))
		b.WriteString("\n" + wrapped("", "What to do: "+a.Do) + "\n")
		v := a.Variants(t)[0]
		query := v.Query
		if v.Phase != "" {
			query = strings.ReplaceAll(query, v.Phase+"_time", "<phase>_time")
		}
		fmt.Fprintf(&b, "```sql\n%s\n```\n\n```promql\n%s\n```\n\n", strings.ReplaceAll(query, timeRange, "time > now() - "+t.intervals(a.InfluxQL.Over)), a.PromExpr(t))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
