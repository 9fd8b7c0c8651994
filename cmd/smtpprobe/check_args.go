package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// mixed are the flags of the commands that take arguments, too.
func mixed() map[string][]cli.Flag {
	return map[string][]cli.Flag{"check": checkFlags(), "report": reportFlags()}
}

// flagsFirst moves the flags of a command ahead of its arguments, since the
// parser stops at the first argument, and people append flags.
func flagsFirst(args []string, flags []cli.Flag) []string {
	withoutValue := map[string]bool{"h": true, "help": true}
	for _, f := range flags {
		if toggle, ok := f.(*cli.BoolFlag); ok {
			withoutValue[toggle.Name] = true
		}
	}
	var given, rest []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		given = append(given, arg)
		if name := strings.TrimLeft(arg, "-"); !withoutValue[name] && !strings.Contains(name, "=") && i+1 < len(args) {
			i++
			given = append(given, args[i])
		}
	}
	return slices.Concat(given, []string{"--"}, rest)
}

// wantsNagios tells whether a check shall speak as a monitoring plugin, be its
// command line right or wrong.
func wantsNagios(args []string) bool {
	return len(args) > 1 && args[1] == "check" && (slices.Contains(args, "--nagios") || slices.Contains(args, "-nagios"))
}
