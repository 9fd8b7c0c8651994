package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/check"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/demo"
)

// demonstration runs the demonstration relays on free ports. In command lines and output
// it replaces the ports by those of smtpprobe relays.
type demonstration struct {
	fleet *demo.Fleet
	dir   string
}

func newDemonstration(t *testing.T) *demonstration {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the documentation has the error messages of Unix")
	}
	d := &demonstration{dir: t.TempDir()}
	var err error
	d.fleet, err = demo.Start(t.Context(), demo.Options{Ephemeral: true, Dir: d.dir})
	require.NoError(t, err)
	t.Cleanup(d.fleet.Close)
	return d
}

const (
	documentedCA     = ".cache/demo/" + demo.CAFile
	documentedConfig = "docs/demo/smtpprobe.conf"
)

// substitution replaces documented ports and paths by those of the demonstration, or
// the other way round.
func (d *demonstration) substitution(t *testing.T, toDocumented bool) *strings.Replacer {
	t.Helper()
	pairs := append(make([]string, 0, 2+2*len(d.fleet.Relays())), documentedCA, filepath.ToSlash(filepath.Join(d.dir, demo.CAFile)))
	for i, r := range d.fleet.Relays() {
		u, err := url.Parse(r.URL)
		require.NoError(t, err)
		pairs = append(pairs, strconv.Itoa(demo.DefaultBase+i), u.Port())
	}
	if toDocumented {
		slices.Reverse(pairs)
	}
	return strings.NewReplacer(pairs...)
}

// run runs a documented command line. It returns the command line and its output.
func (d *demonstration) run(t *testing.T, line string, status int) string {
	t.Helper()
	fields := strings.Fields(d.substitution(t, false).Replace(line))
	if i := slices.Index(fields, documentedConfig); i > 0 {
		conf, err := os.ReadFile(root + documentedConfig)
		require.NoError(t, err)
		fields[i] = configFile(t, d.substitution(t, false).Replace(string(conf)))
	}
	for strings.Contains(fields[0], "=") {
		name, value, _ := strings.Cut(fields[0], "=")
		t.Setenv(name, value)
		fields = fields[1:]
	}
	got := program(fields[1:]...)
	require.Equal(t, status, got.status, got.stderr)
	return fenced("console", "$ "+line+"\n"+d.substitution(t, true).Replace(got.stdout))
}

// timeless replaces values that differ in each run: times, bars, dates.
func timeless(s string) string {
	for _, r := range []struct{ pattern, with string }{
		{`\d+\.\d+ ms`, "T ms"},
		{`=\d+\.\d+s`, "=Ts"},
		{`_time=[\d.e-]+`, "_time=T"},
		{`(?m) \d{19}$`, " T"},
		{`'=\d+s`, "'=Ts"},
		{`(cert|chain)_expiry=\d+i`, "${1}_expiry=T"},
		{`cert_fingerprint="[0-9a-f]+"`, "cert_fingerprint=F"},
		{`"(time|total_time)": [\d.e-]+`, `"$1": T`},
		{`"started": "[^"]+"`, `"started": "T"`},
		{`\d{4}-\d\d-\d\dT[\d:]+Z`, "T"},
		{`(expires in|expired) \d+ days?( ago)? \([\d-]+\)`, "$1 T days"},
		{`EHLO \S+`, "EHLO HOST"},
		{`127\.0\.0\.1:\d{5}->`, "HOST->"},
		{`[ █▏]+`, " "},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return s
}

// requireSectionLike compares a section, except for values that differ in each run.
func requireSectionLike(t *testing.T, file, name, want string) {
	t.Helper()
	if *update {
		requireSection(t, file, name, want)
		return
	}
	require.Equal(t, timeless(want), timeless(section(t, file, name)), "%s is out of date: make docs", file)
}

func TestDocumentation_Checks(t *testing.T) {
	d := newDemonstration(t)
	for _, doc := range []struct {
		file, section, line string
		status              int
	}{
		{
			file: "README.md", section: "check", status: statusFailed,
			line: "SMTPPROBE_PASSWORD=" + demo.Password + " smtpprobe check --probe auth --username " + demo.Username + " --tls-ca " + documentedCA + " submission://127.0.0.1:24514",
		},
		{
			file: "docs/check.md", section: "auth-fails", status: statusFailed,
			line: "SMTPPROBE_PASSWORD=" + demo.Password + " smtpprobe check --probe auth --username " + demo.Username + " --tls-ca " + documentedCA + " submission://127.0.0.1:24514",
		},
		{
			file: "docs/check.md", section: "transcript", status: statusFailed,
			line: "smtpprobe check --transcript --helo probe.example.org --probe rcpt --from probe@example.org --to postmaster@example.com --to gone@example.com smtp://127.0.0.1:24524",
		},
		{file: "docs/check.md", section: "certificate", line: "smtpprobe check --tls-ca " + documentedCA + " smtps://127.0.0.1:24519", status: statusFailed},
		{file: "docs/check.md", section: "starttls-refused", line: "smtpprobe check smtp://127.0.0.1:24520", status: statusOK},
		{
			file: "docs/check.md", section: "expect", status: statusFailed,
			line: "smtpprobe check --probe rcpt --from probe@example.com --to victim@example.net --expect recipients_refused smtp://127.0.0.1:24515 smtp://127.0.0.1:24523",
		},
		{file: "docs/check.md", section: "config", line: "smtpprobe check --config " + documentedConfig + " --relay greylisting", status: statusFailed},
		{file: "docs/check.md", section: "json", line: "smtpprobe check --json smtp://127.0.0.1:24505", status: statusFailed},
		{file: "docs/check.md", section: "several", line: "smtpprobe check smtp://127.0.0.1:24501 smtp://127.0.0.1:24504", status: statusFailed},
		{file: "docs/check.md", section: "nagios", line: "smtpprobe check --nagios smtp://127.0.0.1:24501 smtp://127.0.0.1:24505 smtp://127.0.0.1:24510", status: int(check.Critical)},
	} {
		requireSectionLike(t, doc.file, doc.section, d.run(t, doc.line, doc.status))
	}
}

func TestDocumentation_Links(t *testing.T) {
	for _, file := range []string{"README.md", "docs/check.md", "docs/dependencies.md", "docs/recipes.md", "docs/report.md"} {
		content, err := os.ReadFile(root + file)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(string(content), -1) {
			if !strings.Contains(link[1], "://") {
				_, err := os.Stat(filepath.Join(root, filepath.Dir(file), link[1]))
				require.NoError(t, err, "%s links to %s", file, link[1])
			}
		}
	}
}
