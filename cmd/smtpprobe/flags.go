package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"
)

// The functions below return flags that store their value in a variable. Its
// value before is the default. The flags are local: the commands do not inherit
// those of the root.

func text(name, usage string, to *string) cli.Flag {
	return &cli.StringFlag{Name: name, Local: true, Usage: usage, Value: *to, Destination: to}
}

func list(name, usage string, to *[]string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Local: true, Usage: usage + "; may be repeated", Destination: to}
}

func toggle(name, usage string, to *bool, aliases ...string) cli.Flag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Local: true, Usage: usage, Destination: to, HideDefault: true}
}

func number(name, usage string, to *int) cli.Flag {
	return &cli.IntFlag{Name: name, Local: true, Usage: usage, Value: *to, Destination: to}
}

// span returns a flag for a duration.
func span(name, usage string, to *time.Duration) *cli.GenericFlag {
	f := &cli.GenericFlag{Name: name, Local: true, Usage: usage, Value: &spanValue{to}, DefaultText: to.String()}
	if *to == 0 {
		f.DefaultText = "off"
	}
	return f
}

// optional returns a flag for a duration that may be left out, as in --watch and
// --watch=5s.
func optional(name, usage string, to *time.Duration, implied time.Duration) *cli.GenericFlag {
	return &cli.GenericFlag{
		Name: name, Local: true, Usage: usage,
		Value: &optionalValue{spanValue{to}, implied}, DefaultText: "off; " + implied.String() + " without a value",
	}
}

// category puts flags under a heading of the help.
func category(heading string, flags ...cli.Flag) []cli.Flag {
	for _, f := range flags {
		if c, ok := f.(cli.CategorizableFlag); ok {
			c.SetCategory(heading)
		}
	}
	return flags
}

// spanValue is a duration. Its errors say how to write one.
type spanValue struct{ to *time.Duration }

func (v *spanValue) Set(s string) (err error) {
	*v.to, err = parseDuration(s)
	return err
}

func (v *spanValue) String() string { return v.to.String() }

func (v *spanValue) Get() any { return *v.to }

// optionalValue is a duration that the parser sets to "true" if it is left out.
type optionalValue struct {
	spanValue
	implied time.Duration
}

// IsBoolFlag makes the parser accept the flag without a value.
func (*optionalValue) IsBoolFlag() bool { return true }

func (v *optionalValue) Set(s string) error {
	if s == "true" {
		*v.to = v.implied
		return nil
	}
	return v.spanValue.Set(s)
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil {
		return d, nil
	}
	use := "use a number with a unit, such as 500ms or 5s"
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		use = "use " + s + "s"
	}
	return 0, errors.New("invalid duration " + strconv.Quote(s) + ": " + use)
}
