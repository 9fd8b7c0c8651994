package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

func TestManualPage(t *testing.T) {
	source, err := os.ReadFile(root + "packaging/smtpprobe.1")
	require.NoError(t, err)
	page := strings.ReplaceAll(strings.ReplaceAll(string(source), "\r\n", "\n"), `\-`, "-")
	flagsOf := func(command string, flags []cli.Flag) {
		for _, flag := range flags {
			if name := "--" + flag.Names()[0]; !strings.Contains(page, name) {
				t.Errorf("smtpprobe %s: packaging/smtpprobe.1 does not name %s", command, name)
			}
		}
	}
	app := (&commands{}).app()
	flagsOf("", app.Flags)
	for _, command := range app.Commands {
		if !command.Hidden && !strings.Contains(page, "\n.SS "+command.Name+"\n") {
			t.Errorf("packaging/smtpprobe.1 has no section about %s", command.Name)
		}
		flagsOf(command.Name, command.Flags)
	}
}
