//go:build e2e

package differential

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// row is a line of the document: a scenario over those transports over which
// everybody says the same.
type row struct {
	name   string
	over   []transport
	saying []string // of each library, then ours
}

// document is docs/differences.md as it should be.
func document(libraries []*library, all []*comparison) string {
	var b strings.Builder
	b.WriteString(introduction)
	fmt.Fprintf(&b, "\n%s\n\n", madeWith(libraries))
	b.WriteString("| |")
	for _, l := range libraries {
		fmt.Fprintf(&b, " %s |", l.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(libraries)) + "\n")
	line := func(title string, is func(l *library, c *comparison) bool) {
		fmt.Fprintf(&b, "| %s |", title)
		for _, l := range libraries {
			fmt.Fprintf(&b, " %d |", count(all, func(c *comparison) bool { return is(l, c) }))
		}
		b.WriteString("\n")
	}
	line("sessions", func(l *library, c *comparison) bool { return c.held(l) })
	line("the same class of exception", func(l *library, c *comparison) bool { return c.held(l) && sameClass(l, c.theirs[l.Name], c.ours) })
	line("agrees: the same class, code and step", func(l *library, c *comparison) bool { return c.agrees(l) })
	for i, r := range reasons {
		line(fmt.Sprintf("[%s](#%s)", r.title, anchor(r.title)), func(l *library, c *comparison) bool { return c.disagreesFor(l, i) })
	}
	b.WriteString("\nNot compared:\n\n")
	for _, u := range uncompared {
		fmt.Fprintf(&b, "- case %s: %s\n", strings.Join(words(u.numbers), ", "), u.why)
	}
	b.WriteString("\n## The disagreements\n")
	for i, r := range reasons {
		fmt.Fprintf(&b, "\n### %s\n%s\n\n| the relay, or the case | over |", r.title, r.why)
		for _, l := range libraries {
			fmt.Fprintf(&b, " %s |", l.Name)
		}
		fmt.Fprintf(&b, " smtpprobe |\n|---|---|%s---|\n", strings.Repeat("---|", len(libraries)))
		for _, r := range rowsOf(i, libraries, all) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, transports(r.over), strings.Join(r.saying, " | "))
		}
	}
	return b.String()
}

const introduction = `# Where smtpprobe disagrees with Python's libraries

This file is made by a test. Do not edit it; edit the reasons in
` + "`internal/e2e/differential/reasons.go`" + ` and run

` + "```sh" + `
make e2e                                                  # compares, and fails if this file is not what it finds
go test -tags e2e ./internal/e2e/differential -v          # the same, and prints the totals
go test -tags e2e ./internal/e2e/differential -update     # writes this file
` + "```" + `

The error classes have the names, and the hierarchy, that Python programmers know from
smtplib and aiosmtplib. The test holds the same sessions with all three clients, each with
the same scripted relay, over plaintext, STARTTLS and implicit TLS: the cases of the taxonomy
by number, and each fault at each moment of the conversation. Then it compares. smtplib also
speaks LMTP; aiosmtplib does not.

The rule. Success agrees with success. A partial refusal agrees with a ` + "`sendmail`" + ` that returns
our reply code in its dict of refused recipients. Any other failure agrees if the exception is of the
class that is the equal of ours, or of one derived from it, if it names our reply code or none, and if it was raised
by the method call into which our phase falls. Where a version of a library does not have the class, its base will do.

Every disagreement is below, with the reason why ours is right. “agrees” means that this client says what we say.
Names after “in” are method calls, names after “at” are phases.
`

func madeWith(libraries []*library) string {
	versions := make([]string, len(libraries))
	for i, l := range libraries {
		versions[i] = l.Name + " " + l.Version
	}
	return "Made with " + strings.Join(versions, " (of Python) and ") + "."
}

// rowsOf are the disagreements of a reason.
func rowsOf(i int, libraries []*library, all []*comparison) []*row {
	rows := make([]*row, 0, len(all))
	for _, c := range all {
		if !slices.ContainsFunc(libraries, func(l *library) bool { return c.disagreesFor(l, i) }) {
			continue
		}
		r := &row{name: cell(c.scenario.name), over: []transport{c.over}}
		for _, l := range libraries {
			r.saying = append(r.saying, c.saying(l))
		}
		r.saying = append(r.saying, cell(c.ours.String()))
		if n := len(rows) - 1; n >= 0 && rows[n].name == r.name && slices.Equal(rows[n].saying, r.saying) {
			rows[n].over = append(rows[n].over, c.over)
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

func (c *comparison) saying(l *library) string {
	switch {
	case !c.held(l):
		return "has no LMTP"
	case c.agrees(l):
		return "agrees"
	}
	return cell(c.theirs[l.Name].String())
}

func (c *comparison) disagreesFor(l *library, reason int) bool {
	return c.disagrees(l) && reasonFor(l.Name, c.scenario) == reason
}

func count(all []*comparison, is func(*comparison) bool) int {
	n := 0
	for _, c := range all {
		if is(c) {
			n++
		}
	}
	return n
}

// transports lists them as in the configuration's words.
func transports(over []transport) string {
	if len(over) == len(everywhere) {
		return "all"
	}
	names := map[transport]string{plain: "plaintext", starttls: "STARTTLS", implicit: "implicit TLS"}
	list := make([]string, len(over))
	for i, tr := range over {
		list[i] = names[tr]
	}
	return strings.Join(list, ", ")
}

// anchor is how GitHub refers to a heading.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, title)
}

// cell makes text fit for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
