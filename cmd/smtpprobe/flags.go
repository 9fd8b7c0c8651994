package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"
)

// These flags store their value in a variable, whose value before is the default.
// They are local: the commands do not inherit those of the root.

func text(name, usage string, to *string) cli.Flag {
	return &cli.StringFlag{Name: name, Local: true, Usage: usage, Value: *to, Destination: to}
}

func list(name, usage string, to *[]string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Local: true, Usage: usage + "; may be repeated", Destination: to}
}

func toggle(name, usage string, to *bool) cli.Flag {
	return &cli.BoolFlag{Name: name, Local: true, Usage: usage, Destination: to, HideDefault: true}
}

func number(name, usage string, to *int) cli.Flag {
	return &cli.IntFlag{Name: name, Local: true, Usage: usage, Value: *to, Destination: to}
}

// span is a duration. The usage names it in backquotes.
func span(name, usage string, to *time.Duration) *cli.GenericFlag {
	f := &cli.GenericFlag{Name: name, Local: true, Usage: usage, Value: &spanValue{to}, DefaultText: to.String()}
	if *to == 0 {
		f.DefaultText = "off"
	}
	return f
}

// spanValue is a duration whose errors say what to write.
type spanValue struct{ to *time.Duration }

func (v *spanValue) Set(s string) (err error) {
	*v.to, err = parseDuration(s)
	return err
}

func (v *spanValue) String() string { return v.to.String() }

func (v *spanValue) Get() any { return *v.to }

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
