package packaging

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documents returns the paths of the Markdown documents.
func documents(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	require.NoError(t, err)
	for _, name := range []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "plugins/inputs/smtpprobe/README.md", ".github/pull_request_template.md"} {
		found = append(found, filepath.Join("..", filepath.FromSlash(name)))
	}
	return found
}

func TestDocuments_Links(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#:\s]*)(?:#([^)\s]*))?\)`)
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			target := document
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(document), filepath.FromSlash(found[1]))
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s: %s", document, found[0])
			if found[2] != "" {
				require.Contains(t, anchors(t, target), found[2], "%s: %s", document, found[0])
			}
		}
	}
}

// anchors returns the anchors that GitHub gives to the headings of a document:
// in lower case, without punctuation, with a hyphen for each space.
func anchors(t *testing.T, document string) []string {
	t.Helper()
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	punctuation := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var names []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		name := punctuation.ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// The paths and the tests in docs/architecture.md exist.
func TestArchitecture_Paths(t *testing.T) {
	t.Parallel()
	text := read(t, "docs/architecture.md")
	for _, found := range regexp.MustCompile("`((?:cmd|internal|packaging|plugins|smtpprobe)/[\\w./-]+)`").FindAllStringSubmatch(text, -1) {
		_, err := os.Stat(filepath.Join("..", filepath.FromSlash(found[1])))
		require.NoError(t, err)
	}
	tests := allTests(t)
	for _, found := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		require.True(t, tests[found[1]], found[1])
	}
}

// The tests in docs/hardening.md exist.
func TestHardeningDocument_Tests(t *testing.T) {
	t.Parallel()
	tests := allTests(t)
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(read(t, "docs/hardening.md"), -1)
	require.NotEmpty(t, named)
	for _, found := range named {
		require.True(t, tests[found[1]], found[1])
	}
}

// allTests returns the names of the module's tests and fuzz targets.
func allTests(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, dir := range []string{"cmd", "internal", "packaging", "plugins", "smtpprobe"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", dir), func(path string, _ fs.DirEntry, err error) error {
			require.NoError(t, err)
			if !strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, found := range declared.FindAllSubmatch(text, -1) {
				names[string(found[1])] = true
			}
			return nil
		}))
	}
	return names
}

// Installed documents link only to installed files and to the web.
func TestDocuments_InstalledLinks(t *testing.T) {
	t.Parallel()
	installed := regexp.MustCompile(`^(README\.md|CHANGELOG\.md|LICENSE|docs/.*|dashboards(/.*)?|` +
		`plugins/inputs/smtpprobe/(README\.md|sample\.conf)|packaging/(telegraf|hardening)\.conf)$`)
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)
	for _, document := range documents(t) {
		name := filepath.ToSlash(strings.TrimPrefix(document, ".."+string(filepath.Separator)))
		if !installed.MatchString(name) {
			continue
		}
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			require.Regexp(t, installed, path.Join(path.Dir(name), found[1]), "%s: %s: link to GitHub instead", name, found[0])
		}
	}
}
