// Command picture draws rows of the InfluxQL dashboard as an HTML page, with data from
// an InfluxDB, for the pictures of the documentation. Layout, titles, names, colors and
// numbers are those of the dashboard. It draws only the features of
// Grafana's panels that the dashboard uses.
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
	rows := flag.String("rows", "Now", "draw the `ROWS` with these titles, separated by commas")
	flag.StringVar(&p.influx, "influx", "http://127.0.0.1:8086", "`URL` of an InfluxDB with InfluxQL")
	flag.StringVar(&p.database, "database", "telegraf", "`NAME` of the database")
	flag.DurationVar(&p.step, "step", time.Second, "step between two values")
	flag.Parse()
	if err := p.draw(os.Stdout, strings.Split(*rows, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// picture draws a dashboard with the data of a database.
type picture struct {
	influx, database string
	step             time.Duration
	from, to         time.Time // first and last probe in the database
}

// table is a series in a result of InfluxDB.
type table struct {
	Name    string
	Tags    map[string]string
	Columns []string
	Values  [][]any
}

// draw writes the page with the panels of some rows.
func (p *picture) draw(out io.Writer, rows []string) error {
	if err := p.findRange(); err != nil {
		return err
	}
	var panels []drawn
	selected, top := false, 0
	for _, panel := range dashboards.InfluxQL().Dashboard().Panels {
		if panel.Type == "row" {
			if selected = slices.Contains(rows, panel.Title); selected {
				panels = append(panels, drawn{Panel: panel, Top: top})
				top++
			}
			continue
		}
		if !selected {
			continue
		}
		d, err := p.panel(panel)
		if err != nil {
			return fmt.Errorf("%s: %w", panel.Title, err)
		}
		panels = append(panels, d)
	}
	return page.Execute(out, place(panels))
}

// place moves the rows up, into the room of rows that are not drawn.
func place(panels []drawn) []drawn {
	top, from := 0, 0
	for i := range panels {
		if panels[i].Type == "row" {
			if i > 0 {
				top = panels[i-1].Top + panels[i-1].GridPos.H
			}
			from = panels[i].GridPos.Y
		}
		panels[i].Top = top + panels[i].GridPos.Y - from
	}
	return panels
}

// findRange sets the time range to that of the probes.
func (p *picture) findRange() error {
	for order, at := range map[string]*time.Time{"ASC": &p.from, "DESC": &p.to} {
		tables, err := p.query(`SELECT "success" FROM "smtpprobe" ORDER BY time ` + order + ` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(tables) == 0 {
			return fmt.Errorf("no probes in the database %s", p.database)
		}
		*at = time.UnixMilli(int64(tables[0].Values[0][0].(float64)))
	}
	p.to = p.to.Add(p.step)
	return nil
}

// query runs a query of the dashboard, with its variables replaced.
func (p *picture) query(text string) ([]table, error) {
	text = strings.NewReplacer("$timeFilter", fmt.Sprintf("time >= %dms AND time <= %dms", p.from.UnixMilli(), p.to.UnixMilli()), "$__interval", p.step.String(),
		"${relay:regex}", ".*", "${probe:regex}", ".*", "${agent:regex}", ".*").Replace(text)
	resp, err := http.PostForm(p.influx+"/query", url.Values{"db": {p.database}, "q": {text}, "epoch": {"ms"}})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var reply struct {
		Error   string
		Results []struct {
			Error  string
			Series []table
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		return nil, err
	}
	if message := reply.Error; message != "" || len(reply.Results) != 1 || reply.Results[0].Error != "" {
		return nil, fmt.Errorf("%s%v: %s", message, reply.Results, text)
	}
	return reply.Results[0].Series, nil
}

// series is a series with its name in the legend.
type series struct {
	name   string
	at     []time.Time
	values []float64
}

// panel runs the queries of a panel and draws the results.
func (p *picture) panel(panel grafana.Panel) (drawn, error) {
	d := drawn{Panel: panel}
	var all []series
	var results []table
	for _, target := range panel.Targets {
		tables, err := p.query(target["query"].(string))
		if err != nil {
			return d, err
		}
		results = append(results, tables...)
		for _, t := range tables {
			all = append(all, t.series(fmt.Sprint(target["alias"]))...)
		}
	}
	slices.SortFunc(all, func(a, b series) int { return cmp.Compare(a.name, b.name) })
	switch panel.Type {
	case "table":
		d.table(results)
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

// series returns the columns of a table as series, named by the alias of the query.
func (t table) series(alias string) []series {
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
