package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// version is set by the linker: make does.
var version string

// programVersion is the linker's, else that of the module which go install was
// told to build.
func programVersion(linked string, info *debug.BuildInfo) string {
	switch {
	case linked != "":
		return linked
	case info == nil || info.Main.Version == "" || info.Main.Version == "(devel)":
		return "dev"
	}
	return info.Main.Version
}

func (c *console) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(ctx *cli.Context) error {
			if err := noArguments(ctx); err != nil {
				return err
			}
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintf(c.stdout, "smtpprobe %s %s %s/%s\n", programVersion(version, info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
