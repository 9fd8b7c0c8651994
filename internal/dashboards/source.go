package dashboards

import (
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

// Source is a data source and how it is asked for each view.
type Source struct {
	Key         string // of the file name and the dashboard's uid
	Title       string
	Description string
	Type        string // the id of Grafana's data source plugin
	Variables   []grafana.Variable
	Target      func(Query) grafana.Target
	Queries     map[View][]Query
	// DisplayNames: no query can name its series, so panels do, by the legend.
	DisplayNames bool
	// Hide are columns that a table from this data source has, but that tell
	// nothing.
	Hide []string
}

// Sources are the data sources that there is a dashboard for.
func Sources() []Source {
	return []Source{InfluxQL(), Flux(), Prometheus()}
}

// Dashboard draws every view as this data source shows it.
func (s Source) Dashboard() grafana.Dashboard {
	d := grafana.Dashboard{
		UID:           "smtpprobe-" + s.Key,
		Title:         "SMTP relays (" + s.Title + ")",
		Description:   "What smtpprobe saw of each relay. " + s.Description + " Generated: edit internal/dashboards, not this file.",
		Tags:          []string{"smtp", "smtpprobe"},
		Links:         []grafana.Link{},
		Editable:      true,
		GraphTooltip:  1,
		SchemaVersion: grafana.SchemaVersion,
		Version:       1,
		Timezone:      "browser",
		Refresh:       "30s",
		Time:          grafana.TimeRange{From: "now-3h", To: "now"},
	}
	d.Templating.List = append([]grafana.Variable{{Name: "datasource", Label: "Data source", Type: "datasource", Query: s.Type,
		Options: []grafana.Current{}}}, s.Variables...)
	d.Panels = s.panels()
	return d
}

// panels lays the views out, section by section, left to right.
func (s Source) panels() []grafana.Panel {
	looks := looks()
	var panels []grafana.Panel
	y := 0
	for _, section := range sections {
		panels = append(panels, grafana.Panel{ID: len(panels) + 1, Type: "row", Title: section.title,
			GridPos: grafana.GridPos{H: 1, W: 24, Y: y}, Collapsed: new(bool)})
		y++
		x, tallest := 0, 0
		for _, view := range section.views {
			l := looks[view]
			if x+l.width > 24 {
				x, y, tallest = 0, y+tallest, 0
			}
			p := s.panel(view, l)
			p.ID, p.GridPos = len(panels)+1, grafana.GridPos{H: l.height, W: l.width, X: x, Y: y}
			panels = append(panels, p)
			x, tallest = x+l.width, max(tallest, l.height)
		}
		y += tallest
	}
	return panels
}

func (s Source) panel(view View, l look) grafana.Panel {
	source := &grafana.Datasource{Type: s.Type, UID: "${datasource}"}
	field := l.field
	overrides := append([]grafana.Override{}, l.overrides...)
	transformations := append([]grafana.Transformation{}, l.transformations...)
	targets := make([]grafana.Target, 0, len(s.Queries[view]))
	table, renamed := false, map[string]string{}
	for i, q := range s.Queries[view] {
		target := s.Target(q)
		id := refID(i)
		target["refId"], target["datasource"] = id, source
		targets = append(targets, target)
		table = table || q.Table
		if q.Column != "" {
			renamed["Value"], renamed["Value #"+id] = q.Column, q.Column
		}
	}
	if table {
		transformations = append(transformations, s.tidy(len(targets), renamed)...)
	}
	if name := s.Queries[view][0].Legend; s.DisplayNames && name != "" {
		overrides = append(overrides, grafana.Override{Matcher: grafana.Matcher{ID: "byType", Options: "number"},
			Properties: []grafana.Property{{ID: "displayName", Value: name}}})
	}
	return grafana.Panel{Type: l.kind, Title: l.title, Description: l.description, Datasource: source, Targets: targets,
		FieldConfig: &grafana.FieldConfig{Defaults: field, Overrides: overrides}, Options: l.options,
		Transformations: transformations, Interval: leastInterval}
}

// leastInterval keeps a step from being shorter than probes usually are apart.
const leastInterval = "15s"

// tidy makes one table of several answers, and hides and renames columns.
func (s Source) tidy(answers int, renamed map[string]string) []grafana.Transformation {
	var steps []grafana.Transformation
	if answers > 1 {
		steps = append(steps, grafana.Transformation{ID: "merge", Options: map[string]any{}})
	}
	hidden := map[string]bool{"time": true, "Time": true}
	for _, column := range s.Hide {
		hidden[column] = renamed[column] == ""
	}
	return append(steps, grafana.Transformation{ID: "organize", Options: map[string]any{
		"excludeByName": hidden, "renameByName": renamed, "indexByName": map[string]int{}}})
}

// refID is Grafana's name for the nth query of a panel.
func refID(i int) string {
	return fmt.Sprintf("%c", 'A'+i)
}
