package report

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/palette"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// colors returns a style sheet with a rule for each class, phase, first digit of a
// reply code and state of a message. The squares in tables are borders, since
// browsers do not print backgrounds by default.
func colors() template.CSS {
	var b strings.Builder
	schemeColors(&b, palette.Light)
	for _, phase := range sessionOrder {
		rule(&b, "p-"+string(phase), palette.Phase(phase))
	}
	b.WriteString("@media (prefers-color-scheme:dark){\n")
	schemeColors(&b, palette.Dark)
	b.WriteString("}\n")
	return template.CSS(b.String()) // contains constants only
}

func schemeColors(b *strings.Builder, s palette.Scheme) {
	for _, class := range smtperr.Classes() {
		rule(b, fmt.Sprintf("c%d", class), palette.Class(class, s))
	}
	for _, digit := range []int{0, 2, 4, 5} {
		rule(b, fmt.Sprintf("r%d", digit), palette.Reply(digit, s))
	}
	for _, state := range mailStates {
		rule(b, "m-"+state.name, palette.Reply(state.reply, s))
	}
}

func rule(b *strings.Builder, name string, c palette.Color) {
	fmt.Fprintf(b, ".%s{fill:%s;border-color:%[2]s}\n", name, c.Hex())
}
