package packaging

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// read reads a file of the checkout.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// blockOf is an execd block without comments and indentation.
func blockOf(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "```") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestTheDocumentedBlockIsTheOneThatIsInstalled(t *testing.T) {
	t.Parallel()
	_, rest, begun := strings.Cut(read(t, "docs/install.md"), "<!-- begin execd -->")
	documented, _, ended := strings.Cut(rest, "<!-- end execd -->")
	require.True(t, begun && ended)
	require.Equal(t, blockOf(read(t, "packaging/telegraf.conf")), blockOf(documented))
}

func TestTheTelegrafThatIsBuiltIsTheOneThePluginIsBuiltFor(t *testing.T) {
	t.Parallel()
	module, err := modfile.Parse("go.mod", []byte(read(t, "go.mod")), nil)
	require.NoError(t, err)
	built := regexp.MustCompile(`(?m)^TELEGRAF_VERSION *:= *(\S+)$`).FindStringSubmatch(read(t, "Makefile"))
	require.NotNil(t, built)
	for _, required := range module.Require {
		if required.Mod.Path == "github.com/influxdata/telegraf" {
			require.Equal(t, required.Mod.Version, built[1])
			return
		}
	}
	require.Fail(t, "go.mod does not require Telegraf")
}

// What an engine would find out only at the end of "make image".
func TestTheContainerfileCopiesWhatIsStagedForIt(t *testing.T) {
	t.Parallel()
	rules := read(t, "packaging/release.mk")
	_, rule, found := strings.Cut(rules, "\nimage:\n")
	require.True(t, found)
	rule, _, _ = strings.Cut(rule, "\n\n")
	staged := map[string]bool{}
	for _, file := range regexp.MustCompile(`\$\(IMAGE\)/(\w+)`).FindAllStringSubmatch(rule, -1) {
		staged[file[1]] = true
	}
	copied := regexp.MustCompile(`(?m)^\tcp (.*) \$\(IMAGE\)$`).FindStringSubmatch(rule)
	require.NotNil(t, copied)
	for _, file := range strings.Fields(copied[1]) {
		require.FileExists(t, filepath.Join("..", filepath.FromSlash(file)))
		staged[path.Base(file)] = true
	}

	containerfile := read(t, "packaging/Containerfile")
	want := map[string]string{
		"smtpprobe": "/usr/bin/smtpprobe", "sample.conf": "/etc/telegraf/smtpprobe.conf", "telegraf.conf": "/etc/telegraf/telegraf.d/smtpprobe.conf",
	}
	got := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^COPY --chmod=\d+ (\S+) (\S+)$`).FindAllStringSubmatch(containerfile, -1) {
		require.True(t, staged[line[1]], "%s is not in the build's context", line[1])
		got[line[1]] = line[2]
	}
	require.Equal(t, want, got)
	require.Len(t, got, strings.Count(containerfile, "\nCOPY "), "every COPY was understood")
	require.Contains(t, read(t, "packaging/telegraf.conf"), `"/usr/bin/smtpprobe", "--config", "/etc/telegraf/smtpprobe.conf"`)
	require.Contains(t, containerfile, "\nFROM docker.io/library/telegraf:${TELEGRAF_VERSION}\n")
	require.Contains(t, rule, "--build-arg TELEGRAF_VERSION=$(TELEGRAF_VERSION:v%=%)")
}

// The limits are explained, and nothing is explained that is no limit.
func TestEveryLimitOfTheServiceHasItsRow(t *testing.T) {
	t.Parallel()
	limits, document := read(t, "packaging/hardening.conf"), read(t, "docs/hardening.md")
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)=?([^`]*)`").FindAllStringSubmatch(document, -1) {
		if !strings.Contains(document, "`"+row[1]+"` (not set)") {
			require.Contains(t, limits, "\n"+row[1]+"="+row[2], row[1])
		}
	}
}
