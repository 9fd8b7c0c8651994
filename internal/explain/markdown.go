package explain

import (
	"io"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// ReasonsMarkdown writes docs/reasons.md.
func ReasonsMarkdown(w io.Writer) error {
	m := &markdown{w: w}
	m.print("# Reasons\n\nA reason refines the class of a failure: it names what has to be done. " +
		"`smtpprobe explain REASON`\nprints a row of this table, `smtpprobe explain CLASS/REASON` what holds in that class.\n" +
		"[Taxonomy](taxonomy.md) has the rules.\n\nMade from the source by `make docs`.\n\n")
	m.row("Reason", "What happened", "Fault", "What to do", "Settings", "RFC")
	m.row("---", "---", "---", "---", "---", "---")
	for _, r := range smtperr.Reasons() {
		fault := string(r.Fault())
		if fault == "" {
			fault = "the class's"
		}
		m.row(code(string(r)), r.Meaning(), fault, r.Advice(), codes(r.Settings()), strings.TrimPrefix(r.Section(), "RFC "))
	}
	return m.err
}

// ClassesMarkdown writes docs/classes.md.
func ClassesMarkdown(w io.Writer) error {
	m := &markdown{w: w}
	m.print("# Classes\n\nThe class of a failure follows from the phase and the first digit of the reply, or from\n" +
		"the error underneath. Its number is the field `result_code`. A [reason](reasons.md) may know\n" +
		"the fault better. [Taxonomy](taxonomy.md) has the rules.\n\nMade from the source by `make docs`.\n\n")
	m.row("Class", "Number", "What happened", "Fault", "Lasts", "Retry", "What to do")
	m.row("---", "---", "---", "---", "---", "---", "---")
	for _, c := range smtperr.Classes()[1:] {
		e := smtperr.Error{Class: c}
		retry := smtperr.Error{Class: c, Reply: &smtperr.Reply{Code: 450}}
		m.row(code(c.String()), strconv.Itoa(int(c)), c.Meaning(), string(e.Fault()), permanence(c), retry.Retry().String(), e.Advice())
	}
	return m.err
}

// markdown writes tables and keeps the first error.
type markdown struct {
	w   io.Writer
	err error
}

func (m *markdown) print(text string) {
	if m.err == nil {
		_, m.err = io.WriteString(m.w, text)
	}
}

func (m *markdown) row(cells ...string) {
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	m.print("| " + strings.Join(cells, " | ") + " |\n")
}

func code(text string) string { return "`" + text + "`" }

func codes(texts []string) string {
	all := make([]string, 0, len(texts))
	for _, t := range texts {
		all = append(all, code(t))
	}
	return strings.Join(all, ", ")
}
