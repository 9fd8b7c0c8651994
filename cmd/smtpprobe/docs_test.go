package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

// update makes the tests write the generated parts of the documentation: make docs.
var update = flag.Bool("update", false, "write the generated parts of the documentation")

const root = "../../"

// section returns the part of a file between two markers.
func section(t *testing.T, file, name string) string {
	t.Helper()
	_, between, _ := cutSection(t, file, name)
	return between
}

func cutSection(t *testing.T, file, name string) (before, between, after string) {
	t.Helper()
	content, err := os.ReadFile(root + file)
	require.NoError(t, err)
	begin, end := fmt.Sprintf("<!-- begin %s -->\n", name), fmt.Sprintf("<!-- end %s -->", name)
	before, rest, begun := strings.Cut(string(content), begin)
	between, after, ended := strings.Cut(rest, end)
	require.True(t, begun && ended, "%s has no section %s", file, name)
	return before + begin, between, end + after
}

// requireSection compares a section with the generated one, or writes it.
func requireSection(t *testing.T, file, name, want string) {
	t.Helper()
	before, got, after := cutSection(t, file, name)
	if *update {
		require.NoError(t, os.WriteFile(root+file, []byte(before+want+after), 0o600))
		return
	}
	require.Equal(t, want, got, "%s is out of date: make docs", file)
}

// requireFile compares a file with the generated one, or writes it.
func requireFile(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(root+file, []byte(want), 0o600))
		return
	}
	got, err := os.ReadFile(root + file)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "%s is out of date: make docs", file)
}

func fenced(language, text string) string { return "```" + language + "\n" + text + "```\n" }

func TestDemonstration_Config(t *testing.T) {
	fleet, err := demo.Start(t.Context(), demo.Options{Ephemeral: true})
	require.NoError(t, err)
	defer fleet.Close()
	requireFile(t, "docs/demo/smtpprobe.conf", demoConfig(t, fleet, func(i int) int { return demo.DefaultBase + i }, documentedCA))
}

// demoConfig returns a configuration with every relay of a fleet, at the ports of port.
func demoConfig(t *testing.T, fleet *demo.Fleet, port func(i int) int, ca string) string {
	t.Helper()
	var conf strings.Builder
	fmt.Fprintf(&conf, `# What inputs.execd runs in sample.conf: a probe of each relay that
# "smtpprobe relays" runs. Made by "make docs".

[[inputs.smtpprobe]]
  timeout = "4s"
  read_timeout = "2s"
  send_interval = "1s" # every probe of depth send sends
  tls_ca = %q
`, ca)
	for i, r := range fleet.Relays() {
		u, err := url.Parse(r.URL)
		require.NoError(t, err)
		fmt.Fprintf(&conf, "\n  [[inputs.smtpprobe.relay]] # %s\n    name = %q\n    url = %q\n",
			r.Description, r.Name, u.Scheme+"://"+u.Hostname()+":"+strconv.Itoa(port(i)))
		for _, line := range r.Settings {
			fmt.Fprintf(&conf, "    %s\n", line)
		}
	}
	return conf.String()
}

func TestDocumentation_Dependencies(t *testing.T) {
	mod, err := os.ReadFile(root + "go.mod")
	require.NoError(t, err)
	parsed, err := modfile.Parse("go.mod", mod, nil)
	require.NoError(t, err)
	var required []string
	for _, r := range parsed.Require {
		if !r.Indirect {
			required = append(required, r.Mod.Path)
		}
	}

	doc, err := os.ReadFile(root + "docs/dependencies.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| [^|]+ \\| [^|]{10,} \\|$").FindAllStringSubmatch(string(doc), -1)
	explained := make([]string, 0, len(rows))
	for _, row := range rows {
		explained = append(explained, row[1])
	}
	slices.Sort(explained)
	slices.Sort(required)
	require.Equal(t, required, explained)
}
