package dashboards

import "github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"

// The kinds of panel that more than one view has.

func number(title, description string, steps *grafana.Thresholds, empty string) look {
	return look{title: title, description: description, kind: "stat", width: 4, height: 4,
		field: grafana.FieldDefaults{Thresholds: steps, NoValue: empty, Mappings: []grafana.Mapping{}, Color: &grafana.Color{Mode: "thresholds"}},
		options: map[string]any{"colorMode": "background", "graphMode": "none", "justifyMode": "auto", "textMode": "value", "orientation": "auto",
			"wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard", "reduceOptions": lastValue()},
	}
}

func share(l look) look {
	l.field.Unit, l.field.Decimals = "percentunit", grafana.Number(2)
	return l
}

func seconds(l look) look {
	l.field.Unit = "s"
	return l
}

func lastValue() map[string]any {
	return map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false}
}

func timeline(title, description string, mappings []grafana.Mapping) look {
	return look{title: title, description: description, kind: "state-timeline", width: 24, height: 9,
		field: grafana.FieldDefaults{Mappings: mappings, Color: &grafana.Color{Mode: "thresholds"},
			Thresholds: thresholds(grafana.Base("text")), Custom: map[string]any{"lineWidth": 0, "fillOpacity": 85}},
		options: map[string]any{"mergeValues": true, "showValue": "auto", "rowHeight": 0.85, "alignValue": "left",
			"legend": hidden(), "tooltip": everySeries()},
	}
}

func counts(title, description string, overrides []grafana.Override) look {
	l := graph(title, description, "short", map[string]any{"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0,
		"stacking": map[string]any{"mode": "normal", "group": "A"}})
	l.field.Min, l.field.Decimals, l.overrides = grafana.Number(0.0), grafana.Number(0), overrides
	return l
}

func stacked(title, description string) look {
	l := graph(title, description, "s", map[string]any{"drawStyle": "line", "fillOpacity": 70, "lineWidth": 1,
		"stacking": map[string]any{"mode": "normal", "group": "A"}, "showPoints": "never"})
	l.overrides = phaseSeries()
	return l
}

func lines(title, description, unit string, least *float64) look {
	l := graph(title, description, unit, map[string]any{"drawStyle": "line", "fillOpacity": 5, "lineWidth": 1, "showPoints": "auto"})
	l.field.Min = least
	return l
}

func phaseLines(title, description string) look {
	l := lines(title, description, "s", grafana.Number(0.0))
	l.overrides = phaseSeries()
	return l
}

// table shows rows; empty is what it says without any.
func table(title, description string, width int, empty string) look {
	return look{title: title, description: description, kind: "table", width: width, height: 7,
		field: grafana.FieldDefaults{NoValue: empty, Mappings: []grafana.Mapping{},
			Custom: map[string]any{"align": "auto", "inspect": false, "cellOptions": map[string]any{"type": "auto"}}},
		options: map[string]any{"showHeader": true, "cellHeight": "sm", "frameIndex": 0,
			"footer": map[string]any{"show": false, "reducer": []string{"sum"}}},
	}
}

// mapped colors the texts of a table.
func (l look) mapped(mappings []grafana.Mapping) look {
	l.field.Mappings = mappings
	l.field.Custom["cellOptions"] = map[string]any{"type": "color-text"}
	return l
}

func (l look) with(overrides ...grafana.Override) look {
	l.overrides = overrides
	return l
}

// withTime shows when each row was.
func (l look) withTime() look {
	l.timed = true
	return l
}

// heading calls a column otherwise than other tables do.
func (l look) heading(column, title string) look {
	l.columns = map[string]string{column: title}
	l.overrides = append(l.overrides, grafana.Named(title, grafana.Property{ID: "unit", Value: "dateTimeAsIso"}))
	return l
}

// upTo is the end of the scale.
func upTo(l look, most float64) look {
	l.field.Max = &most
	return l
}

func graph(title, description, unit string, custom map[string]any) look {
	return look{title: title, description: description, kind: "timeseries", width: 12, height: 9,
		field: grafana.FieldDefaults{Unit: unit, Mappings: []grafana.Mapping{}, Custom: custom, Color: &grafana.Color{Mode: "palette-classic"}},
		options: map[string]any{"tooltip": everySeries(), "legend": map[string]any{"showLegend": true,
			"displayMode": "table", "placement": "right", "calcs": []string{"lastNotNull", "max"}}},
	}
}

func bars(title, description, unit string, steps *grafana.Thresholds) look {
	return look{title: title, description: description, kind: "bargauge", width: 12, height: 10,
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
