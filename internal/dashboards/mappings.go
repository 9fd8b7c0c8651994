package dashboards

import (
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/palette"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// okColor is the color of success. Grafana uses one color on its dark and on its light
// background; those of the dark scheme are readable on both.
var okColor = palette.OK(palette.Dark).Hex()

// Colors returns the color of each class.
func Colors() map[smtperr.Class]string {
	colors := make(map[smtperr.Class]string)
	for _, class := range smtperr.Classes() {
		colors[class] = palette.Class(class, palette.Dark).Hex()
	}
	return colors
}

// faults lists the faults in the order of the mappings.
var faults = []smtperr.Fault{
	smtperr.FaultConfig, smtperr.FaultCredentials, smtperr.FaultMessage, smtperr.FaultNetwork, smtperr.FaultProber, smtperr.FaultRelay,
}

// classByNumber maps the numbers of classes to their names and colors.
func classByNumber() []grafana.Mapping {
	colors := Colors()
	options := make(map[string]grafana.MapResult)
	for i, class := range smtperr.Classes() {
		text := class.String()
		if class == smtperr.ClassNone {
			text = "ok"
		}
		options[strconv.Itoa(int(class))] = grafana.MapResult{Text: text, Color: colors[class], Index: i}
	}
	return []grafana.Mapping{{Type: "value", Options: options}}
}

// classByName maps the names of classes and faults to their colors.
func classByName() []grafana.Mapping {
	colors := Colors()
	options := make(map[string]grafana.MapResult)
	for i, class := range smtperr.Classes() {
		options[class.String()] = grafana.MapResult{Text: class.String(), Color: colors[class], Index: i}
	}
	for _, fault := range faults {
		options[string(fault)] = grafana.MapResult{Text: string(fault), Color: palette.Fault(fault, palette.Dark).Hex(), Index: len(options)}
	}
	return []grafana.Mapping{{Type: "value", Options: options}}
}

// classSeries returns the names and colors of series that are named after classes or
// their numbers.
func classSeries() []grafana.Override {
	colors := Colors()
	classes := smtperr.Classes()
	overrides := make([]grafana.Override, 0, 2*len(classes))
	for _, class := range classes {
		color := grafana.Property{ID: "color", Value: grafana.Color{Mode: "fixed", FixedColor: colors[class]}}
		name := grafana.Property{ID: "displayName", Value: class.String()}
		overrides = append(overrides,
			grafana.Named(class.String(), color),
			grafana.Named(strconv.Itoa(int(class)), name, color))
	}
	return overrides
}

// yesIsGood maps the values of a field of which 1 is good.
func yesIsGood(yes, no string) []grafana.Mapping {
	return []grafana.Mapping{{Type: "value", Options: map[string]grafana.MapResult{
		"1": {Text: yes, Color: okColor, Index: 0},
		"0": {Text: no, Color: "red", Index: 1},
	}}}
}

// yesIsBad maps the values of a field of which 1 is bad.
func yesIsBad() []grafana.Mapping {
	return []grafana.Mapping{{Type: "value", Options: map[string]grafana.MapResult{
		"0": {Text: "no", Color: okColor, Index: 0},
		"1": {Text: "yes", Color: "red", Index: 1},
	}}}
}
