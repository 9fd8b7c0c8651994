package alerts

import (
	"fmt"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// tickFrom is the database and retention policy that Telegraf's
// outputs.influxdb writes to by default.
const tickFrom = `"telegraf"."autogen"."smtpprobe"`

// Topic is the Kapacitor topic that the alerts go to.
const Topic = "smtpprobe"

// tickFlat is a query that gives a value for each series by these tags.
func tickFlat(query string, over int, by ...string) string {
	return fmt.Sprintf(`  |query('''%s''')
    .period({%d})
    .every({1})
    .groupBy('%s')`, strings.ReplaceAll(query, "%s", tickFrom), over, strings.Join(by, "', '"))
}

// tickCount counts failed probes in Kapacitor: where InfluxDB counts none it
// answers nothing, and the alert would never hear that all is well again.
func tickCount(classes ...smtperr.Class) string {
	return tickFlat(`SELECT "success", "result_code" FROM %s`, 10, "relay") + `
  |eval(lambda: if("success" == 0 AND (` + each(`"result_code" == %s`, " OR ", classes) + `), 1, 0))
    .as('failed')
  |sum('failed')
    .as('value')`
}

// tickPhases takes the slowest phase. A phase that no session had is 0.
func tickPhases() string {
	names := phases()
	columns, absent := make([]string, 0, len(names)), make([]string, 0, len(names))
	slowest := `0.0`
	for _, phase := range names {
		columns = append(columns, `mean("`+phase+`_time") AS "`+phase+`"`)
		absent = append(absent, "    .field('"+phase+"', 0.0)")
		slowest = `max("` + phase + `", ` + slowest + `)`
	}
	return tickFlat("SELECT "+strings.Join(columns, ", ")+" FROM %s", 10, "relay", "host") + `
  |default()
` + strings.Join(absent, "\n") + `
  |eval(lambda: ` + slowest + `)
    .as('value')
    .keep()`
}

// Tick is the alert's TICKscript.
func (a Alert) Tick(t Timing) string {
	var b strings.Builder
	b.WriteString(wrapped("// ",
		fmt.Sprintf("%s (%s). Fires where the %s is %s %s.", a.Name, a.Severity, a.Value, a.Op, a.threshold()),
		"What to do: "+a.Do,
		"Written for a probe every "+t.intervals(1)+". Generated: edit internal/dashboards/alerts, not this file.") + "\n")
	b.WriteString("dbrp \"telegraf\".\"autogen\"\n\n")
	fmt.Fprintf(&b, "batch\n%s\n", t.scaled(a.InfluxQL.Tick))
	id := append(make([]string, 0, 1+len(a.By)), a.Name)
	for _, tag := range a.By {
		id = append(id, tickPlace(tag))
	}
	level := map[Severity]string{Critical: "crit", Warning: "warn"}[a.Severity]
	fires := a.InfluxQL.TickFires
	if fires == "" {
		// Kapacitor compares no integer with a float.
		fires = fmt.Sprintf(`float("value") %s %s`, a.Op, decimal(a.threshold()))
	}
	fmt.Fprintf(&b, `  |alert()
    .id('%s')
    .message('%s')
    .details('%s')
    .%s(lambda: %s)
    .stateChangesOnly()
    .topic('%s')
`, strings.Join(id, " "), tickText(a.placed(tickPlace)), tickText(a.Do), level, fires, Topic)
	return b.String()
}

func tickPlace(name string) string {
	switch name {
	case "value":
		return `{{ index .Fields "value" }}`
	case "phase":
		return "that is slowest"
	}
	return `{{ index .Tags "` + name + `" }}`
}

// tickText is a text within single quotes.
func tickText(text string) string { return strings.ReplaceAll(text, "'", `\'`) }

// decimal makes TICKscript read a number as a float.
func decimal(number string) string {
	if strings.Contains(number, ".") {
		return number
	}
	return number + ".0"
}
