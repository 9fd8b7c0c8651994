//go:build e2e

package differential

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// row is a line of a table in the document: a scenario, with the transports
// over which all clients give the same result.
type row struct {
	name    string
	over    []transport
	results []string // of each library, then ours
}

// document returns the expected content of docs/differences.md.
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
	line("sessions", func(l *library, c *comparison) bool { return c.ran(l) })
	line("the same class of exception", func(l *library, c *comparison) bool { return c.ran(l) && sameClass(l, c.theirs[l.Name], c.ours) })
	line("agrees: the same class, code and step", func(l *library, c *comparison) bool { return c.agrees(l) })
	for i, r := range reasons {
		line(fmt.Sprintf("[%s](#%s)", r.title, anchor(r.title)), func(l *library, c *comparison) bool { return c.disagreesFor(l, i) })
	}
	b.WriteString("\nNot compared:\n\n")
	for _, u := range uncompared {
		fmt.Fprintf(&b, "- %s\n", u)
	}
	b.WriteString("\n## The disagreements\n")
	for i, r := range reasons {
		fmt.Fprintf(&b, "\n### %s\n%s\n\n| case | over |", r.title, r.why)
		for _, l := range libraries {
			fmt.Fprintf(&b, " %s |", l.Name)
		}
		fmt.Fprintf(&b, " smtpprobe |\n|---|---|%s---|\n", strings.Repeat("---|", len(libraries)))
		for _, r := range rowsOf(i, libraries, all) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, transports(r.over), strings.Join(r.results, " | "))
		}
	}
	return b.String()
}

const introduction = `# Differences from Python's smtplib and aiosmtplib

This file is made by a test. Do not edit it; edit the reasons in
` + "`internal/e2e/differential/reasons.go`" + ` and run

` + "```sh" + `
make e2e                                                  # compares, and fails if this file differs
go test -tags e2e ./internal/e2e/differential -v          # the same, and prints the totals
go test -tags e2e ./internal/e2e/differential -update     # writes this file
` + "```" + `

The error classes have the names, and the hierarchy, that Python programmers know from
smtplib and aiosmtplib. The test runs the same sessions with all three clients, each with
the same scripted relay, over plaintext, STARTTLS and implicit TLS: a list
of cases, and each fault at each event of the session. Then it compares the results.
smtplib also implements LMTP; aiosmtplib does not.

The rule. Success agrees with success. A partial refusal agrees with a ` + "`sendmail`" + ` that returns
our reply code in its dict of refused recipients. Any other failure agrees if the exception is of the
class that corresponds to ours, or of one derived from it, if it has our reply code or none, and if it was raised
by the method call that corresponds to our phase. If a version of a library does not have the class, its base class
agrees.

Every disagreement is below, with the reason for the verdict of smtpprobe. “agrees” means that this client reports the same as smtpprobe.
Names after “in” are method calls, names after “at” are phases.
`

func madeWith(libraries []*library) string {
	versions := make([]string, len(libraries))
	for i, l := range libraries {
		versions[i] = l.Name + " " + l.Version
	}
	return "Made with " + strings.Join(versions, " (of Python) and ") + "."
}

// rowsOf returns the disagreements of a reason.
func rowsOf(i int, libraries []*library, all []*comparison) []*row {
	rows := make([]*row, 0, len(all))
	for _, c := range all {
		if !slices.ContainsFunc(libraries, func(l *library) bool { return c.disagreesFor(l, i) }) {
			continue
		}
		r := &row{name: cell(c.scenario.name), over: []transport{c.over}}
		for _, l := range libraries {
			r.results = append(r.results, c.result(l))
		}
		r.results = append(r.results, cell(c.ours.String()))
		if n := len(rows) - 1; n >= 0 && rows[n].name == r.name && slices.Equal(rows[n].results, r.results) {
			rows[n].over = append(rows[n].over, c.over)
			continue
		}
		rows = append(rows, r)
	}
	return rows
}

func (c *comparison) result(l *library) string {
	switch {
	case !c.ran(l):
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

// transports names the transports as the configuration does.
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

// anchor returns the fragment that GitHub gives a heading.
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

// cell escapes text for a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
