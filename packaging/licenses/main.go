// Command licenses tells under which licences the modules are that the released
// program is linked from, on any of its platforms.
//
//	licenses -table FILE    write the table of docs/licenses.md
//	licenses -check FILE    fail if that table is out of date
//	licenses -texts FILE    write the texts, which packages have to hold
//
// A module without a licence that can be told, or under one that is not
// accepted, is an error.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
)

//go:generate go run . -table ../../docs/licenses.md

// program is what is released.
const program = "github.com/smtpprobe/telegraf-smtpprobe/cmd/smtpprobe"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("licenses", flag.ContinueOnError)
	table := flags.String("table", "", "write the table to `FILE`")
	check := flags.String("check", "", "compare the table in `FILE`")
	texts := flags.String("texts", "", "write the licences' texts to `FILE`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	modules, err := linkedModules(program)
	if err != nil {
		return err
	}
	for i := range modules {
		if err := modules[i].identify(); err != nil {
			return err
		}
	}
	var errs []error
	if *table != "" {
		errs = append(errs, os.WriteFile(*table, renderTable(modules), 0o600))
	}
	if *check != "" {
		errs = append(errs, compare(*check, renderTable(modules)))
	}
	if *texts != "" {
		all, err := renderTexts(modules)
		if err != nil {
			return err
		}
		errs = append(errs, os.WriteFile(*texts, all, 0o600))
	}
	return errors.Join(errs...)
}

func compare(path string, want []byte) error {
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
		return fmt.Errorf("%s is out of date: make docs", path)
	}
	return nil
}
