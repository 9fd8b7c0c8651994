package report

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// hues are the colours of the faults, so that a glance tells who has to act.
var hues = map[smtperr.Fault]struct{ hue, spread, saturation int }{
	smtperr.FaultNetwork:     {28, 6, 85},
	smtperr.FaultRelay:       {356, 12, 70},
	smtperr.FaultCredentials: {285, 10, 55},
	smtperr.FaultMessage:     {50, 6, 85},
	smtperr.FaultConfig:      {212, 12, 70},
	smtperr.FaultProber:      {0, 0, 0},
}

// Lightness, and how much of its spread a hue is turned by, tell classes of one
// fault apart.
var (
	lightness = []int{50, 66, 38, 76, 58, 44, 70, 34, 62, 80, 48, 54}
	turns     = []int{0, 1, -1, -2, -3, 1, -1, -2, 1, -3, -1, 0}
)

// phaseColours follow the order of the phases.
var phaseColours = []string{
	"#9aa0a6", "#4c78a8", "#54a24b", "#88d27a", "#b5cf6b", "#b279a2", "#9d5fb5", "#f58518",
	"#e8b730", "#ffbf79", "#e45756", "#ff9da6", "#b3302e", "#72b7b2", "#a7d5d2",
}

// colours is a style sheet with a rule for each class and each phase.
func colours() template.CSS {
	var b strings.Builder
	b.WriteString(".c0{fill:#3fa45b;background:#3fa45b}\n")
	used := make(map[smtperr.Fault]int)
	for _, class := range smtperr.Classes()[1:] {
		fault := smtperr.New(class, "", "", nil).Fault()
		h := hues[fault]
		light := lightness[used[fault]%len(lightness)]
		hue := (h.hue + h.spread*turns[used[fault]%len(turns)]) % 360
		used[fault]++
		fmt.Fprintf(&b, ".c%d{fill:hsl(%d %d%% %d%%);background:hsl(%[2]d %d%% %d%%)}\n", class, hue, h.saturation, light, h.saturation, light)
	}
	for i, phase := range order {
		fmt.Fprintf(&b, ".p-%s{fill:%s;background:%[2]s}\n", phase, phaseColours[i%len(phaseColours)])
	}
	return template.CSS(b.String()) // of the tables above, not of what was read
}
