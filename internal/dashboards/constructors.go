package dashboards

import "github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"

// The functions below return panels that several views have in common.

func number(title, description string, steps *grafana.Thresholds, empty string) panelSpec {
	return panelSpec{title: title, description: description, panelType: "stat", width: 4, height: 4,
		field: grafana.FieldDefaults{Thresholds: steps, NoValue: empty, Mappings: []grafana.Mapping{}, Color: &grafana.Color{Mode: "thresholds"}},
		options: map[string]any{"colorMode": "background", "graphMode": "none", "justifyMode": "auto", "textMode": "value", "orientation": "auto",
			"wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard", "reduceOptions": lastValue()},
	}
}

func share(l panelSpec) panelSpec {
	l.field.Unit, l.field.Decimals = "percentunit", grafana.Number(2)
	return l
}

func seconds(l panelSpec) panelSpec {
	l.field.Unit = "s"
	return l
}

func lastValue() map[string]any {
	return map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
}

func timeline(title, description string, mappings []grafana.Mapping) panelSpec {
	return panelSpec{title: title, description: description, panelType: "state-timeline", width: 24, height: 9,
		field: grafana.FieldDefaults{Mappings: mappings, Color: &grafana.Color{Mode: "thresholds"},
			Thresholds: thresholds(grafana.Base("text")), Custom: map[string]any{"lineWidth": 0, "fillOpacity": 85}},
		options: map[string]any{"mergeValues": true, "showValue": "auto", "rowHeight": 0.85, "alignValue": "left",
			"legend": hidden(), "tooltip": everySeries()},
	}
}

func counts(title, description string, overrides []grafana.Override) panelSpec {
	l := graph(title, description, "short", map[string]any{"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0,
		"stacking": map[string]any{"mode": "normal", "group": "A"}})
	l.field.Min, l.field.Decimals, l.overrides = grafana.Number(0.0), grafana.Number(0), overrides
	return l
}

func stacked(title, description string) panelSpec {
	l := graph(title, description, "s", map[string]any{"drawStyle": "line", "fillOpacity": 70, "lineWidth": 1,
		"stacking": map[string]any{"mode": "normal", "group": "A"}, "showPoints": "never"})
	l.overrides = phaseSeries()
	return l
}

func lines(title, description, unit string, minimum *float64) panelSpec {
	l := graph(title, description, unit, map[string]any{"drawStyle": "line", "fillOpacity": 5, "lineWidth": 1, "showPoints": "auto"})
	l.field.Min = minimum
	return l
}

func phaseLines(title, description string) panelSpec {
	l := lines(title, description, "s", grafana.Number(0.0))
	l.overrides = phaseSeries()
	return l
}

// table returns a table. empty is its text without rows.
func table(title, description string, width int, empty string) panelSpec {
	return panelSpec{title: title, description: description, panelType: "table", width: width, height: 7,
		field: grafana.FieldDefaults{NoValue: empty, Mappings: []grafana.Mapping{},
			Custom: map[string]any{"align": "auto", "inspect": false, "cellOptions": map[string]any{"type": "auto"}}},
		options: map[string]any{"showHeader": true, "cellHeight": "sm", "frameIndex": 0,
			"footer": map[string]any{"show": false, "reducer": []string{"sum"}}},
	}
}

// mapped sets the colors of texts in a table.
func (l panelSpec) mapped(mappings []grafana.Mapping) panelSpec {
	l.field.Mappings = mappings
	l.field.Custom["cellOptions"] = map[string]any{"type": "color-text"}
	return l
}

// with sets overrides.
func (l panelSpec) with(overrides ...grafana.Override) panelSpec {
	l.overrides = overrides
	return l
}

// withTime adds a column for the time.
func (l panelSpec) withTime() panelSpec {
	l.timed = true
	return l
}

// heading sets the title of a column of times that other tables name differently.
func (l panelSpec) heading(column, title string) panelSpec {
	l.columns = map[string]string{column: title}
	l.overrides = append(l.overrides, grafana.Named(title, grafana.Property{ID: "unit", Value: "dateTimeAsIso"}))
	return l
}

// upTo sets the maximum of the scale.
func upTo(l panelSpec, limit float64) panelSpec {
	l.field.Max = &limit
	return l
}

func graph(title, description, unit string, custom map[string]any) panelSpec {
	return panelSpec{title: title, description: description, panelType: "timeseries", width: 12, height: 9,
		field: grafana.FieldDefaults{Unit: unit, Mappings: []grafana.Mapping{}, Custom: custom, Color: &grafana.Color{Mode: "palette-classic"}},
		options: map[string]any{"tooltip": everySeries(), "legend": map[string]any{"showLegend": true,
			"displayMode": "table", "placement": "right", "calcs": []string{"lastNotNull", "max"}}},
	}
}

func bars(title, description, unit string, steps *grafana.Thresholds) panelSpec {
	return panelSpec{title: title, description: description, panelType: "bargauge", width: 12, height: 10,
		field: grafana.FieldDefaults{Unit: unit, Thresholds: steps, Mappings: []grafana.Mapping{}, Color: &grafana.Color{Mode: "thresholds"},
			Min: grafana.Number(0.0), NoValue: "no data"},
		options: map[string]any{"displayMode": "basic", "orientation": "horizontal", "showUnfilled": true,
			"valueMode": "color", "namePlacement": "auto", "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 300,
			"legend": hidden(), "reduceOptions": lastValue()},
	}
}

func hidden() map[string]any {
	return map[string]any{"showLegend": false, "displayMode": "list", "placement": "bottom", "calcs": []string{}}
}

func everySeries() map[string]any { return map[string]any{"mode": "multi", "sort": "desc"} }
