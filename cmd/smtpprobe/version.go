package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v3"
)

// version is set by the linker.
var version string

// programVersion returns the version from the linker, or else that of the module, which
// go install sets.
func programVersion(linked string, info *debug.BuildInfo) string {
	switch {
	case linked != "":
		return linked
	case info == nil || info.Main.Version == "" || info.Main.Version == "(devel)":
		return "dev"
	}
	return info.Main.Version
}

func (c *commands) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(_ context.Context, cmd *cli.Command) error {
			if err := noArguments(cmd); err != nil {
				return err
			}
			return c.printVersion()
		},
	}
}

func (c *commands) printVersion() error {
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintf(c.Out, "smtpprobe %s %s %s/%s\n", programVersion(version, info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
