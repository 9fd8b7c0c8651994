package dashboards

import (
	"fmt"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
)

// Source is a data source with its queries.
type Source struct {
	Key         string // part of the file name and of the dashboard's uid
	Title       string
	Description string
	Type        string // ID of Grafana's data source plugin
	Variables   []grafana.Variable
	Target      func(Query) grafana.Target // formats a query
	Queries     map[View][]Query
	// Changes is the annotation that marks changes of a relay in all panels.
	Changes grafana.Annotation
	// Hide lists columns of this data source that tables do not show.
	Hide []string
}

// Sources returns the data sources. Each has a dashboard.
func Sources() []Source {
	return []Source{InfluxQL(), Flux(), Prometheus()}
}

// Dashboard returns the dashboard of the data source.
func (s Source) Dashboard() grafana.Dashboard {
	d := grafana.Dashboard{
		UID:         "smtpprobe-" + s.Key,
		Title:       "SMTP relays (" + s.Title + ")",
		Description: "The results of smtpprobe for each relay. " + s.Description + " Generated: edit internal/dashboards, not this file.",
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

// panels returns the panels, laid out section by section from left to right.
func (s Source) panels() []grafana.Panel {
	specs := panelSpecs()
	var panels []grafana.Panel
	y := 0
	for _, section := range sections {
		panels = append(panels, grafana.Panel{ID: len(panels) + 1, Type: "row", Title: section.title,
			GridPos: grafana.GridPos{H: 1, W: 24, Y: y}, Collapsed: new(bool), Panels: []grafana.Panel{}})
		y++
		x, tallest := 0, 0
		for _, view := range section.views {
			l := specs[view]
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

// panel returns the panel of a view. The caller sets its ID and its position.
func (s Source) panel(view View, l panelSpec) grafana.Panel {
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
			if special := l.columns[q.Column]; special != "" {
				title = special
			}
			renamed["Value"], renamed["Value #"+id] = title, title
		}
	}
	if table {
		transformations = append(transformations, s.tidy(len(targets), renamed, l.timed)...)
		overrides = append(overrides, columnOverrides("smtpprobe-"+s.Key)...)
	}
	return grafana.Panel{Type: l.panelType, Title: l.title, Description: l.description, Datasource: source, Targets: targets,
		FieldConfig: &grafana.FieldConfig{Defaults: field, Overrides: overrides}, Options: l.options,
		Transformations: transformations, Interval: minInterval}
}

// minInterval is the minimum step of a panel: relays are rarely probed more often.
const minInterval = "15s"

// tidy returns the transformations that merge the tables of several queries, and hide
// and rename columns. Only timed tables have a column for the time.
func (s Source) tidy(queries int, renamed map[string]string, timed bool) []grafana.Transformation {
	var steps []grafana.Transformation
	if queries > 1 {
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

// refID returns Grafana's name of the nth query of a panel, from A.
func refID(i int) string {
	return fmt.Sprintf("%c", 'A'+i)
}
