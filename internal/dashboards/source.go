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
	// Changes asks for what is marked over all panels.
	Changes grafana.Annotation
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
		UID:         "smtpprobe-" + s.Key,
		Title:       "SMTP relays (" + s.Title + ")",
		Description: "What smtpprobe saw of each relay. " + s.Description + " Generated: edit internal/dashboards, not this file.",
		Tags:        []string{"smtp", "smtpprobe"},
		Links: []grafana.Link{
			{Title: "About this dashboard", Type: "link", Icon: "doc", URL: Docs + "dashboards.md", Tags: []string{}, TargetBlank: true},
			{Title: "Alerts", Type: "link", Icon: "bolt", URL: Docs + "alerts.md", Tags: []string{}, TargetBlank: true},
		},
		Editable:      true,
		GraphTooltip:  1,
		SchemaVersion: grafana.SchemaVersion,
		Version:       1,
		Timezone:      "browser",
		Refresh:       "30s",
		Time:          grafana.TimeRange{From: "now-3h", To: "now"},
	}
	changes := s.Changes
	changes.Name, changes.Datasource, changes.Enable, changes.IconColor = "Changes", &grafana.Datasource{Type: s.Type, UID: "${datasource}"}, true, "purple"
	if changes.Target != nil {
		changes.Target["datasource"] = changes.Datasource
	}
	d.Annotations.List = []grafana.Annotation{
		{Name: "Annotations & Alerts", Datasource: &grafana.Datasource{Type: "grafana", UID: "-- Grafana --"}, Enable: true, Hide: true,
			IconColor: "rgba(0, 211, 255, 1)", BuiltIn: 1, Type: "dashboard"},
		changes,
	}
	d.Templating.List = append([]grafana.Variable{{Name: "datasource", Label: "Data source", Type: "datasource", Query: s.Type,
		Options: []grafana.Current{}, Current: grafana.Current{Text: "", Value: ""}}}, s.Variables...)
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
			GridPos: grafana.GridPos{H: 1, W: 24, Y: y}, Collapsed: new(bool), Panels: []grafana.Panel{}})
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
	for raw, title := range columns {
		renamed[raw] = title
	}
	for i, q := range s.Queries[view] {
		target := s.Target(q)
		id := refID(i)
		target["refId"], target["datasource"] = id, source
		targets = append(targets, target)
		table = table || q.Table
		if q.Column != "" {
			title := columns[q.Column]
			if own := l.columns[q.Column]; own != "" {
				title = own
			}
			renamed["Value"], renamed["Value #"+id] = title, title
		}
	}
	if table {
		transformations = append(transformations, s.tidy(len(targets), renamed, l.timed)...)
		overrides = append(overrides, columnOverrides("smtpprobe-"+s.Key)...)
	}
	return grafana.Panel{Type: l.kind, Title: l.title, Description: l.description, Datasource: source, Targets: targets,
		FieldConfig: &grafana.FieldConfig{Defaults: field, Overrides: overrides}, Options: l.options,
		Transformations: transformations, Interval: leastInterval}
}

// leastInterval keeps a step from being shorter than probes usually are apart.
const leastInterval = "15s"

// tidy makes one table of several answers, and hides and renames columns. Timed
// tables show when each row was.
func (s Source) tidy(answers int, renamed map[string]string, timed bool) []grafana.Transformation {
	var steps []grafana.Transformation
	if answers > 1 {
		steps = append(steps, grafana.Transformation{ID: "merge", Options: map[string]any{}})
	}
	hidden := map[string]bool{}
	if !timed {
		hidden["time"], hidden["Time"], hidden["_time"] = true, true, true
	}
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
