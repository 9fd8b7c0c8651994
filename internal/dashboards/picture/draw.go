package main

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

// drawn is a panel with its content.
type drawn struct {
	grafana.Panel
	Top  int // row of the grid
	Body template.HTML
}

// The size of a cell of the grid and the gap between panels, in pixels.
const (
	cellWidth, cellHeight = 50, 34
	gap                   = 6
)

func (d drawn) Left() int   { return d.GridPos.X * cellWidth }
func (d drawn) TopPx() int  { return d.Top * cellHeight }
func (d drawn) Width() int  { return d.GridPos.W*cellWidth - gap }
func (d drawn) Height() int { return d.GridPos.H*cellHeight - gap }

// write sets the content of the panel. Callers escape texts by esc.
func (d *drawn) write(b *strings.Builder) { d.Body = template.HTML(b.String()) }

func esc(v any) string { return html.EscapeString(fmt.Sprint(v)) }

// named has the colors of Grafana that the dashboards use by name.
var named = map[string]string{"red": "#f2495c", "orange": "#ff9830", "green": "#73bf69", "text": "#464c54", "purple": "#b877d9", "dark-red": "#c4162a",
	"light-yellow": "#ffee52", "light-blue": "#8ab8ff", "dark-purple": "#8f3bb8", "blue": "#5794f2"}

// classic has the colors of series without an override.
var classic = []string{"#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0"}

// css returns a color for a style sheet.
func css(color string) string {
	if hex := named[color]; hex != "" {
		return hex
	}
	return color
}

// threshold returns the color of a value by the thresholds.
func (d *drawn) threshold(value float64) string {
	color := "text"
	if t := d.FieldConfig.Defaults.Thresholds; t != nil {
		for _, step := range t.Steps {
			if step.Value == nil || value >= *step.Value {
				color = step.Color
			}
		}
	}
	return css(color)
}

// mapped returns the mapping of a value, if there is one.
func (d *drawn) mapped(value string) (grafana.MapResult, bool) {
	for _, m := range d.FieldConfig.Defaults.Mappings {
		if result, ok := m.Options[value]; ok {
			return result, true
		}
	}
	return grafana.MapResult{}, false
}

// color returns the color of the ith series.
func (d *drawn) color(name string, i int) string {
	for _, o := range d.FieldConfig.Overrides {
		if o.Matcher.Options != name {
			continue
		}
		for _, p := range o.Properties {
			if c, ok := p.Value.(grafana.Color); ok {
				return css(c.FixedColor)
			}
		}
	}
	return classic[i%len(classic)]
}

// format formats a number in a unit.
func format(value float64, unit string) string {
	switch {
	case unit == "percentunit":
		return strconv.FormatFloat(100*value, 'f', 1, 64) + "%"
	case unit == "s" && math.Abs(value) >= 86400:
		return strconv.FormatFloat(value/86400, 'f', 1, 64) + " days"
	case unit == "s" && math.Abs(value) < 1:
		return strconv.FormatFloat(1000*value, 'f', 1, 64) + " ms"
	case unit == "s":
		return strconv.FormatFloat(value, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

func (d *drawn) stat(all []series) {
	var b strings.Builder
	text, color := d.FieldConfig.Defaults.NoValue, css("text")
	if len(all) > 0 {
		value := all[0].values[len(all[0].values)-1]
		text, color = format(value, d.FieldConfig.Defaults.Unit), d.threshold(value)
	}
	fmt.Fprintf(&b, `<div class="value" style="background:%s">%s</div>`, color, esc(text))
	d.write(&b)
}

func (d *drawn) gauges(all []series) {
	var b strings.Builder
	limit := 0.0
	for _, s := range all {
		limit = max(limit, s.values[len(s.values)-1])
	}
	if d.FieldConfig.Defaults.Max != nil {
		limit = *d.FieldConfig.Defaults.Max
	}
	for _, s := range all {
		value := s.values[len(s.values)-1]
		width := 0.0
		if limit > 0 {
			width = max(0, 100*value/limit)
		}
		fmt.Fprintf(&b, `<div class="line"><span>%s</span><svg viewBox="0 0 100 10" height="16" preserveAspectRatio="none"><rect width="100" height="10" fill="#22252b"/><rect width="%.2f" height="10" fill="%s"/></svg><span>%s</span></div>`,
			esc(s.name), width, d.threshold(value), esc(format(value, d.FieldConfig.Defaults.Unit)))
	}
	d.write(&b)
}

// table draws a table with the titles of the transformations.
func (d *drawn) table(results []table) {
	var hidden map[string]bool
	var renamed map[string]string
	for _, t := range d.Transformations {
		if t.ID == "organize" {
			hidden, renamed = t.Options["excludeByName"].(map[string]bool), t.Options["renameByName"].(map[string]string)
		}
	}
	var columns []string
	var rows []map[string]any
	for _, t := range results {
		for _, tag := range []string{"relay", "host", "source", "ip", "instance", "mailbox", "domain"} {
			if _, ok := t.Tags[tag]; ok && !slices.Contains(columns, tag) {
				columns = append(columns, tag)
			}
		}
		for _, column := range t.Columns {
			if !hidden[column] && !slices.Contains(columns, column) {
				columns = append(columns, column)
			}
		}
		for _, values := range t.Values {
			row := make(map[string]any)
			for tag, value := range t.Tags {
				row[tag] = value
			}
			for i, column := range t.Columns {
				row[column] = values[i]
			}
			rows = append(rows, row)
		}
	}
	columns = slices.DeleteFunc(columns, func(c string) bool { // empty columns
		return !slices.ContainsFunc(rows, func(row map[string]any) bool { return row[c] != nil && row[c] != "" })
	})
	var b strings.Builder
	if len(rows) == 0 {
		fmt.Fprintf(&b, `<div class="axis">%s</div>`, esc(d.FieldConfig.Defaults.NoValue))
		d.write(&b)
		return
	}
	b.WriteString("<table><tr>")
	for _, column := range columns {
		title := column
		if renamed[column] != "" {
			title = renamed[column]
		}
		fmt.Fprintf(&b, "<th>%s</th>", esc(title))
	}
	b.WriteString("</tr>")
	for _, row := range rows {
		b.WriteString("<tr>")
		for _, column := range columns {
			d.cell(&b, column, renamed[column], row[column])
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	d.write(&b)
}

func (d *drawn) cell(b *strings.Builder, column, title string, value any) {
	text, color := "", ""
	switch v := value.(type) {
	case nil:
	case float64:
		if column == "time" {
			text = time.UnixMilli(int64(v)).UTC().Format(time.TimeOnly)
			break
		}
		text = format(v, d.unitOf(title))
	default:
		text = fmt.Sprint(v)
		if m, ok := d.mapped(text); ok {
			text, color = m.Text, css(m.Color)
		}
	}
	fmt.Fprintf(b, `<td style="color:%s">%s</td>`, color, esc(text))
}

func (d *drawn) unitOf(title string) string {
	for _, o := range d.FieldConfig.Overrides {
		for _, p := range o.Properties {
			if unit, ok := p.Value.(string); ok && p.ID == "unit" && o.Matcher.Options == title {
				return unit
			}
		}
	}
	return ""
}

const chartWidth = 1000.0 // in the units of the chart

// x returns the position of a time in a chart.
func (p *picture) x(at time.Time) float64 {
	return chartWidth * float64(at.Sub(p.from)) / float64(p.to.Sub(p.from))
}

func (p *picture) axis() string {
	return fmt.Sprintf(`<div class="axis"><span>%s</span><span>%s</span></div>`, p.from.UTC().Format(time.TimeOnly), p.to.UTC().Format(time.TimeOnly))
}

func (d *drawn) timeline(all []series, p *picture) {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, `<div class="line" style="grid-template-columns:170px 1fr"><span>%s</span><svg viewBox="0 0 %g 10" height="18" preserveAspectRatio="none">`, esc(s.name), chartWidth)
		for i, at := range s.at {
			m, _ := d.mapped(strconv.FormatFloat(s.values[i], 'f', -1, 64))
			fmt.Fprintf(&b, `<rect x="%.2f" width="%.2f" height="10" fill="%s"/>`, p.x(at), p.x(at.Add(p.step))-p.x(at)+0.5, css(m.Color))
		}
		b.WriteString("</svg></div>")
	}
	fmt.Fprintf(&b, `<div class="line" style="grid-template-columns:170px 1fr"><span></span>%s</div>`, p.axis())
	d.write(&b)
}

// graph draws lines, or stacked series as bars.
func (d *drawn) graph(all []series, p *picture) {
	all = slices.DeleteFunc(all, func(s series) bool { return slices.Max(s.values) == 0 })
	_, stacked := d.FieldConfig.Defaults.Custom["stacking"]
	below := make(map[int64]float64)
	peak := 0.0
	for _, s := range all {
		for i, at := range s.at {
			v := s.values[i]
			if stacked {
				below[at.UnixMilli()] += v
				v = below[at.UnixMilli()]
			}
			peak = max(peak, v)
		}
	}
	var b strings.Builder
	const chartHeight = 200.0
	fmt.Fprintf(&b, `<div class="axis"><span>%s</span></div><svg viewBox="0 0 %g %g" height="%d" preserveAspectRatio="none"><rect width="%[2]g" height="%[3]g" fill="#14161a"/>`,
		esc(format(peak, d.FieldConfig.Defaults.Unit)), chartWidth, chartHeight, d.Height()-96)
	clear(below)
	for n, s := range all {
		color := d.color(s.name, n)
		var points []string
		for i, at := range s.at {
			height := chartHeight * s.values[i] / max(peak, 1e-12)
			if stacked {
				fmt.Fprintf(&b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`, p.x(at), chartHeight-below[at.UnixMilli()]-height, p.x(at.Add(p.step))-p.x(at), height, color)
				below[at.UnixMilli()] += height
				continue
			}
			points = append(points, fmt.Sprintf("%.2f,%.2f", p.x(at), chartHeight-height))
		}
		if !stacked {
			fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5" vector-effect="non-scaling-stroke"/>`, strings.Join(points, " "), color)
		}
	}
	b.WriteString("</svg>" + p.axis() + `<div class="legend">`)
	for n, s := range all {
		fmt.Fprintf(&b, `<span><i style="background:%s"></i>%s</span>`, d.color(s.name, n), esc(s.name))
	}
	b.WriteString("</div>")
	d.write(&b)
}
