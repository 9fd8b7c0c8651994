package packaging

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// read returns the content of a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(name)))
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// blockOf returns the lines of an execd block without comments and indentation.
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

func TestInstallDocument_ExecdBlock(t *testing.T) {
	t.Parallel()
	_, rest, begun := strings.Cut(read(t, "docs/install.md"), "<!-- begin execd -->")
	documented, _, ended := strings.Cut(rest, "<!-- end execd -->")
	require.True(t, begun && ended)
	require.Equal(t, blockOf(read(t, "packaging/telegraf.conf")), blockOf(documented))
}

func TestMakefile_TelegrafVersion(t *testing.T) {
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

// The container image and the packages use the same paths.
func TestContainerfile_Paths(t *testing.T) {
	t.Parallel()
	require.Contains(t, read(t, "packaging/telegraf.conf"), `"/usr/bin/smtpprobe", "--config", "/etc/telegraf/smtpprobe.conf"`)
	containerfile := read(t, "packaging/Containerfile")
	for file, path := range map[string]string{
		"smtpprobe": "/usr/bin/smtpprobe", "smtpprobe.conf": "/etc/telegraf/smtpprobe.conf", "telegraf.conf": "/etc/telegraf/telegraf.d/smtpprobe.conf",
	} {
		require.Regexp(t, `(?m)^COPY --chmod=\d+ `+file+" "+path+"$", containerfile)
	}
}

// The limits in docs/hardening.md are those of hardening.conf.
func TestHardeningDocument_Limits(t *testing.T) {
	t.Parallel()
	limits, document := read(t, "packaging/hardening.conf"), read(t, "docs/hardening.md")
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)=?([^`]*)`").FindAllStringSubmatch(document, -1) {
		if !strings.Contains(document, "`"+row[1]+"` (not set)") {
			require.Contains(t, limits, "\n"+row[1]+"="+row[2], row[1])
		}
	}
}

// Each directory of documents is listed, so that it has the right mode and is removed
// with the package.
func TestPackages_Directories(t *testing.T) {
	t.Parallel()
	release := read(t, "packaging/goreleaser.yaml")
	require.NotContains(t, release, "type: tree", "a tree gives directories the mode of files")
	for _, top := range []string{"docs", "dashboards"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", top), func(path string, e fs.DirEntry, err error) error {
			require.NoError(t, err)
			if e.IsDir() {
				name := strings.TrimPrefix(filepath.ToSlash(path), "../")
				require.Contains(t, release, "{dst: /usr/share/doc/smtpprobe/"+name+", type: dir, ")
			}
			return nil
		}))
	}
}
