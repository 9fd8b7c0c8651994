package dashboards

import (
	"maps"
	"slices"
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards/grafana"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// good is the colour of what works.
const good = "green"

// hues are the colours of the faults, so that a glance tells who has to act.
var hues = map[smtperr.Fault]string{
	smtperr.FaultNetwork:     "orange",
	smtperr.FaultRelay:       "red",
	smtperr.FaultCredentials: "purple",
	smtperr.FaultMessage:     "yellow",
	smtperr.FaultConfig:      "blue",
	smtperr.FaultProber:      "#8e8e8e",
}

// shades tell classes of one fault apart; Grafana knows each for each hue.
var shades = []string{"", "dark-", "light-", "semi-dark-", "super-light-"}

// Colours gives every class of the table its colour.
func Colours() map[smtperr.Class]string {
	colours := map[smtperr.Class]string{smtperr.ClassNone: good}
	seen := make(map[smtperr.Fault]int)
	for _, class := range smtperr.Classes() {
		if class == smtperr.ClassNone {
			continue
		}
		fault := smtperr.New(class, "", "", nil).Fault()
		hue := hues[fault]
		if hue[0] != '#' {
			hue = shades[seen[fault]%len(shades)] + hue
			seen[fault]++
		}
		colours[class] = hue
	}
	return colours
}

// classByNumber shows a result_code as its class.
func classByNumber() []grafana.Mapping {
	colours := Colours()
	options := make(map[string]grafana.MapResult)
	for i, class := range smtperr.Classes() {
		text := class.String()
		if class == smtperr.ClassNone {
			text = "ok"
		}
		options[strconv.Itoa(int(class))] = grafana.MapResult{Text: text, Color: colours[class], Index: i}
	}
	return []grafana.Mapping{{Type: "value", Options: options}}
}

// classByName colours the names of classes and faults in tables.
func classByName() []grafana.Mapping {
	colours := Colours()
	options := make(map[string]grafana.MapResult)
	for i, class := range smtperr.Classes() {
		options[class.String()] = grafana.MapResult{Text: class.String(), Color: colours[class], Index: i}
	}
	for _, fault := range slices.Sorted(maps.Keys(hues)) {
		options[string(fault)] = grafana.MapResult{Text: string(fault), Color: hues[fault], Index: len(options)}
	}
	return []grafana.Mapping{{Type: "value", Options: options}}
}

// classSeries names and colours series that are called after a class or after
// its number.
func classSeries() []grafana.Override {
	colours := Colours()
	classes := smtperr.Classes()
	overrides := make([]grafana.Override, 0, 2*len(classes))
	for _, class := range classes {
		colour := grafana.Property{ID: "color", Value: grafana.Color{Mode: "fixed", FixedColor: colours[class]}}
		name := grafana.Property{ID: "displayName", Value: class.String()}
		overrides = append(overrides,
			grafana.Named(class.String(), colour),
			grafana.Named(strconv.Itoa(int(class)), name, colour))
	}
	return overrides
}

// yesOrNo shows a 0/1 field.
func yesOrNo(yes, no string) []grafana.Mapping {
	return []grafana.Mapping{{Type: "value", Options: map[string]grafana.MapResult{
		"1": {Text: yes, Color: good, Index: 0},
		"0": {Text: no, Color: "red", Index: 1},
	}}}
}

// noOrYes shows a 0/1 field of which 1 is the trouble.
func noOrYes() []grafana.Mapping {
	return []grafana.Mapping{{Type: "value", Options: map[string]grafana.MapResult{
		"0": {Text: "no", Color: good, Index: 0},
		"1": {Text: "yes", Color: "red", Index: 1},
	}}}
}
