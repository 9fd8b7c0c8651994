// Command picture draws rows of the InfluxQL dashboard from what an InfluxDB
// answers, as a page of HTML, for the pictures of the documentation. It is no
// Grafana: layout, titles, names, colors and numbers are the dashboard's, the
// drawing is its own and plain.
//
//	go run ./internal/dashboards/picture -influx http://127.0.0.1:8086 -rows Now,Failures >page.html
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

func main() {
	p := picture{}
	rows := flag.String("rows", "Now", "titles of the `ROWS` to draw, separated by commas")
	flag.StringVar(&p.influx, "influx", "http://127.0.0.1:8086", "`URL` of an InfluxDB that answers InfluxQL")
	flag.StringVar(&p.database, "database", "telegraf", "`NAME` of the database")
	flag.DurationVar(&p.step, "step", time.Second, "time between two values")
	flag.Parse()
	if err := p.draw(os.Stdout, strings.Split(*rows, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// picture is a dashboard drawn over a database.
type picture struct {
	influx, database string
	step             time.Duration
	from, to         time.Time // of the probes in the database
}

// answer is what a panel's query has found: series, as InfluxDB has them.
type answer struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Values  [][]any
}

func (p *picture) draw(out io.Writer, rows []string) error {
	if err := p.span(); err != nil {
		return err
	}
	var shown []drawn
	wanted, top := false, 0
	for _, panel := range dashboards.InfluxQL().Dashboard().Panels {
		if panel.Type == "row" {
			if wanted = slices.Contains(rows, panel.Title); wanted {
				shown = append(shown, drawn{Panel: panel, Top: top})
				top++
			}
			continue
		}
		if !wanted {
			continue
		}
		d, err := p.panel(panel)
		if err != nil {
			return fmt.Errorf("%s: %w", panel.Title, err)
		}
		shown = append(shown, d)
	}
	return page.Execute(out, place(shown))
}

// place moves the rows up to where those that are not drawn have left room.
func place(shown []drawn) []drawn {
	top, from := 0, 0
	for i := range shown {
		if shown[i].Type == "row" {
			if i > 0 {
				top = shown[i-1].Top + shown[i-1].GridPos.H
			}
			from = shown[i].GridPos.Y
		}
		shown[i].Top = top + shown[i].GridPos.Y - from
	}
	return shown
}

// span asks from when to when there are probes.
func (p *picture) span() error {
	for order, at := range map[string]*time.Time{"ASC": &p.from, "DESC": &p.to} {
		found, err := p.ask(`SELECT "success" FROM "smtpprobe" ORDER BY time ` + order + ` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("no probes in the database %s", p.database)
		}
		*at = time.UnixMilli(int64(found[0].Values[0][0].(float64)))
	}
	p.to = p.to.Add(p.step)
	return nil
}

func (p *picture) ask(query string) ([]answer, error) {
	query = strings.NewReplacer("$timeFilter", fmt.Sprintf("time >= %dms AND time <= %dms", p.from.UnixMilli(), p.to.UnixMilli()), "$__interval", p.step.String(),
		"${relay:regex}", ".*", "${probe:regex}", ".*", "${agent:regex}", ".*").Replace(query)
	resp, err := http.PostForm(p.influx+"/query", url.Values{"db": {p.database}, "q": {query}, "epoch": {"ms"}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var reply struct {
		Error   string
		Results []struct {
			Error  string
			Series []answer
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		return nil, err
	}
	if problem := reply.Error; problem != "" || len(reply.Results) != 1 || reply.Results[0].Error != "" {
		return nil, fmt.Errorf("%s%v: %s", problem, reply.Results, query)
	}
	return reply.Results[0].Series, nil
}

// series is one by its name in the legend.
type series struct {
	name   string
	at     []time.Time
	values []float64
}

// panel asks a panel's queries and draws what they find.
func (p *picture) panel(panel grafana.Panel) (drawn, error) {
	d := drawn{Panel: panel}
	var all []series
	var found []answer
	for _, target := range panel.Targets {
		tables, err := p.ask(target["query"].(string))
		if err != nil {
			return d, err
		}
		found = append(found, tables...)
		for _, table := range tables {
			all = append(all, table.series(fmt.Sprint(target["alias"]))...)
		}
	}
	slices.SortFunc(all, func(a, b series) int { return cmp.Compare(a.name, b.name) })
	switch panel.Type {
	case "table":
		d.table(found)
	case "stat":
		d.stat(all)
	case "bargauge":
		d.gauges(all)
	case "state-timeline":
		d.timeline(all, p)
	case "timeseries":
		d.graph(all, p)
	}
	return d, nil
}

// series are the columns of a table by their names.
func (t answer) series(alias string) []series {
	var all []series
	for i, column := range t.Columns {
		if column == "time" {
			continue
		}
		s := series{name: strings.ReplaceAll(alias, "$col", column)}
		for tag, value := range t.Tags {
			s.name = strings.ReplaceAll(s.name, "$tag_"+tag, value)
		}
		s.name = strings.Join(strings.Fields(s.name), " ")
		for _, row := range t.Values {
			if number, ok := row[i].(float64); ok {
				s.at, s.values = append(s.at, time.UnixMilli(int64(row[0].(float64)))), append(s.values, number)
			}
		}
		if len(s.values) > 0 {
			all = append(all, s)
		}
	}
	return all
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html><meta charset="utf-8"><style>
body{margin:0;background:#111217;color:#ccccdc;font:12px/1.4 system-ui,"DejaVu Sans",sans-serif;position:relative}
.panel{position:absolute;background:#181b1f;border:1px solid #2c3036;border-radius:3px;padding:6px 8px;box-sizing:border-box;overflow:hidden}
.row{border:0;background:none;font-weight:600;font-size:14px}
h3{font-size:12px;font-weight:600;margin:0 0 4px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.value{position:absolute;inset:28px 0 0;display:flex;align-items:center;justify-content:center;font-size:30px;font-weight:600;color:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:3px 10px 3px 0;border-bottom:1px solid #2c3036;white-space:nowrap}th{color:#6e9fff;font-weight:600}
svg{display:block;width:100%}.legend{display:flex;flex-wrap:wrap;gap:0 14px;margin-top:4px;font-size:11px}.legend i{display:inline-block;width:12px;height:4px;margin:0 5px 3px 0}
.line{display:grid;grid-template-columns:170px 1fr 70px;gap:8px;align-items:center;margin:3px 0}.line span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.axis{display:flex;justify-content:space-between;color:#8e8e9c;font-size:11px}
</style>
{{range .}}<div class="panel {{.Type}}" style="left:{{.Left}}px;top:{{.TopPx}}px;width:{{.Width}}px;height:{{.Height}}px">{{if eq .Type "row"}}⌄ {{.Title}}{{else}}<h3>{{.Title}}</h3>{{.Body}}{{end}}</div>
{{end}}`))
