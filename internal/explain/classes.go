package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// classColumns are the columns of the table of classes, in every format.
var classColumns = []struct {
	title, key string
	value      func(smtperr.Class) any
}{
	{"Class", "class", func(c smtperr.Class) any { return c.String() }},
	{"Code", "result_code", func(c smtperr.Class) any { return int(c) }},
	{"What happened", "meaning", func(c smtperr.Class) any { return c.Meaning() }},
	{"Fault", "fault", func(c smtperr.Class) any { return string(failure(c, 0).Fault()) }},
	{"Temporary", "temporary", func(c smtperr.Class) any { return temporaryCell(c) }},
	{"Retry", "retry_same", func(c smtperr.Class) any { return failure(c, 450).Retry().String() }},
	{"What to do", "advice", func(c smtperr.Class) any { return failure(c, 0).Advice() }},
}

// failure returns an error of the class, with a reply unless the code is 0.
func failure(class smtperr.Class, code int) *smtperr.Error {
	e := &smtperr.Error{Class: class}
	if code != 0 {
		e.Reply = &smtperr.Reply{Code: code}
	}
	return e
}

func temporaryCell(class smtperr.Class) string {
	switch first, second := failure(class, 450).Temporary(), failure(class, 550).Temporary(); {
	case first != second:
		return "by code"
	case first:
		return "yes"
	}
	return "no"
}

// failures returns all classes except ClassNone.
func failures() []smtperr.Class { return smtperr.Classes()[1:] }

func classCells(class smtperr.Class) []string {
	cells := make([]string, 0, len(classColumns))
	for _, column := range classColumns {
		cells = append(cells, fmt.Sprint(column.value(class)))
	}
	return cells
}

func classTitles() []string {
	all := make([]string, 0, len(classColumns))
	for _, column := range classColumns {
		all = append(all, column.title)
	}
	return all
}

// Classes writes the table of classes for a terminal.
func Classes(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ToUpper(strings.Join(classTitles(), "\t")))
	for _, class := range failures() {
		fmt.Fprintln(table, strings.Join(classCells(class), "\t"))
	}
	return table.Flush()
}

// ClassTable writes the table of classes in Markdown.
func ClassTable(w io.Writer) error {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(classTitles(), " | "), strings.Repeat("---|", len(classColumns)))
	for _, class := range failures() {
		cells := classCells(class)
		cells[0] = "`" + cells[0] + "`"
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
	}
	return nil
}

// ClassesJSON writes the table of classes as a JSON array of objects.
func ClassesJSON(w io.Writer) error {
	all := make([]map[string]any, 0, len(failures()))
	for _, class := range failures() {
		object := make(map[string]any, len(classColumns))
		for _, column := range classColumns {
			object[column.key] = column.value(class)
		}
		all = append(all, object)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
