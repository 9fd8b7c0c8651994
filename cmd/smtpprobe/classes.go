package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func (c *console) classesCommand() *cli.Command {
	return &cli.Command{
		Name:  "classes",
		Usage: "print the classes of failures and what to do about each",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "markdown", Usage: "as a Markdown table"},
			&cli.BoolFlag{Name: "json", Usage: "as JSON"},
		},
		Action: func(ctx *cli.Context) error {
			if err := noArguments(ctx); err != nil {
				return err
			}
			switch markdown, asJSON := ctx.Bool("markdown"), ctx.Bool("json"); {
			case markdown && asJSON:
				return usageError("--markdown and --json exclude each other")
			case markdown:
				return classesMarkdown(c.stdout)
			case asJSON:
				return classesJSON(c.stdout)
			}
			return classesText(c.stdout)
		},
	}
}

// classColumns are the columns of the table, for every form of it.
var classColumns = []struct {
	title, key string
	value      func(*smtperr.Info) any
}{
	{"Class", "class", func(i *smtperr.Info) any { return i.Name }},
	{"Code", "result_code", func(i *smtperr.Info) any { return int(i.Class) }},
	{"What happened", "meaning", func(i *smtperr.Info) any { return i.Meaning }},
	{"Fault", "fault", func(i *smtperr.Info) any { return dash(string(i.Fault)) }},
	{"Temporary", "temporary", func(i *smtperr.Info) any { return string(i.Temporary) }},
	{"Retry", "retry_same", func(i *smtperr.Info) any { return string(i.RetrySame) }},
	{"Next server (seed / MTA)", "next_server", func(i *smtperr.Info) any { return either(string(i.NextSeed), string(i.NextMTA)) }},
	{"smtplib", "smtplib", func(i *smtperr.Info) any { return dash(i.SMTPLib) }},
	{"aiosmtplib", "aiosmtplib", func(i *smtperr.Info) any { return dash(i.AIOSMTP) }},
	{"What to do", "advice", func(i *smtperr.Info) any { return dash(i.Advice) }},
}

// failures is the table without its first row, no failure.
func failures() []smtperr.Info { return smtperr.Classes()[1:] }

func row(info *smtperr.Info) []string {
	cells := make([]string, 0, len(classColumns))
	for _, column := range classColumns {
		cells = append(cells, fmt.Sprint(column.value(info)))
	}
	return cells
}

func titles() []string {
	all := make([]string, 0, len(classColumns))
	for _, column := range classColumns {
		all = append(all, column.title)
	}
	return all
}

func classesText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.ToUpper(strings.Join(titles(), "\t")))
	for _, info := range failures() {
		fmt.Fprintln(table, strings.Join(row(&info), "\t"))
	}
	return table.Flush()
}

func classesMarkdown(w io.Writer) error {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(titles(), " | "), strings.Repeat("---|", len(classColumns)))
	for _, info := range failures() {
		cells := row(&info)
		cells[0] = "`" + cells[0] + "`"
		if _, err := fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")); err != nil {
			return err
		}
	}
	return nil
}

func classesJSON(w io.Writer) error {
	all := make([]map[string]any, 0, len(failures()))
	for _, info := range failures() {
		object := make(map[string]any, len(classColumns))
		for _, column := range classColumns {
			object[column.key] = column.value(&info)
		}
		all = append(all, object)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

func either(seed, mta string) string {
	if seed == mta {
		return seed
	}
	return seed + " / " + mta
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
