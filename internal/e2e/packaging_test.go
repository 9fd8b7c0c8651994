//go:build e2e

package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/influxdata/telegraf"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// nobody is the user ID that Telegraf runs with.
const nobody = 65534

// installation is a root directory into which a package is installed, so that
// the machine's own configuration stays unchanged.
type installation struct {
	root    string
	install []string // command
	remove  []string
	purge   []string // nil if remove also removes the configuration
}

func installations(t *testing.T) map[string]installation {
	t.Helper()
	deb, rpm := t.TempDir(), t.TempDir()
	database := filepath.Join(deb, "var", "lib", "dpkg")
	for _, dir := range []string{"updates", "info", "triggers"} {
		require.NoError(t, os.MkdirAll(filepath.Join(database, dir), 0o755)) //nolint:gosec // as on Debian
	}
	require.NoError(t, os.WriteFile(filepath.Join(database, "status"), nil, 0o600))
	// There is no shell in the root directories: dpkg runs the scripts outside, rpm skips them.
	dpkg := []string{"dpkg", "--root=" + deb, "--log=/dev/null", "--force-script-chrootless"}
	rpmInstall := []string{"rpm", "--root=" + rpm, "--force-debian", "--nodeps", "--noscripts"}
	return map[string]installation{
		"deb": {
			root: deb, install: append(dpkg[:4:4], "--install", packageFile(t, "*.deb")),
			remove: append(dpkg[:4:4], "--remove", "smtpprobe"), purge: append(dpkg[:4:4], "--purge", "smtpprobe"),
		},
		"rpm": {
			root: rpm, install: append(rpmInstall[:5:5], "--upgrade", "--replacepkgs", packageFile(t, "*.rpm")),
			remove: append(rpmInstall[:5:5], "--erase", "smtpprobe"),
		},
	}
}

// packageFile returns the path of the package that "make e2e" built.
func packageFile(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "..", "bin", ".packages", pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, "make e2e builds it")
	file, err := filepath.Abs(found[0])
	require.NoError(t, err)
	return file
}

func (i *installation) path(name string) string {
	return filepath.Join(i.root, filepath.FromSlash(name))
}

func (i *installation) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(i.path(name))
	require.NoError(t, err)
	return string(text)
}

func runCommand(t *testing.T, args []string) {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	require.NoError(t, err, "%s\n%s", strings.Join(args, " "), out)
}

func TestPackages(t *testing.T) {
	for kind, i := range installations(t) {
		t.Run(kind, func(t *testing.T) {
			runCommand(t, i.install)
			requireFiles(t, &i)
			require.Equal(t, strings.Replace(readRepository(t, "plugins/inputs/smtpprobe/sample.conf"),
				"  # state_file = ", "  state_file = ", 1), i.read(t, "etc/telegraf/smtpprobe.conf"))

			copyExample(t, &i)
			if kind == "deb" {
				telegraf, err := user.LookupGroup("telegraf")
				require.NoError(t, err, "install.sh creates it")
				info, err := os.Stat(i.path("etc/telegraf/smtpprobe.conf"))
				require.NoError(t, err)
				require.Equal(t, telegraf.Gid, strconv.FormatUint(uint64(info.Sys().(*syscall.Stat_t).Gid), 10))
				require.DirExists(t, i.path("var/lib/telegraf"))
			}
			edited := requireProbes(t, i.root)

			runCommand(t, i.install)
			require.Equal(t, edited, i.read(t, "etc/telegraf/smtpprobe.conf"), "an edited configuration outlives an upgrade")
			runCommand(t, i.remove)
			require.NoFileExists(t, i.path("usr/bin/smtpprobe"))
			require.NoDirExists(t, i.path("usr/share/doc/smtpprobe"))
			if i.purge != nil {
				require.Equal(t, edited, i.read(t, "etc/telegraf/smtpprobe.conf"), "an edited configuration outlives removal")
				runCommand(t, i.purge)
			}
			require.NoFileExists(t, i.path("etc/telegraf/smtpprobe.conf"))
		})
	}
}

// requireProbes edits the installed configuration like a user, runs Telegraf
// with it, and returns the edited configuration.
func requireProbes(t *testing.T, root string) string {
	t.Helper()
	i := installation{root: root}
	healthy := smtptest.Start(t, smtptest.Script{})
	closed := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no service for you")})
	edited := strings.Replace(i.read(t, "etc/telegraf/smtpprobe.conf"), `servers = ["smtp://127.0.0.1:25"]`,
		"servers = "+tomlList([]string{"smtp://" + healthy.Addr().String(), "smtp://" + closed.Addr().String()}), 1)
	require.NoError(t, os.WriteFile(i.path("etc/telegraf/smtpprobe.conf"), []byte(edited), 0o600))

	tg := startTelegrafIn(t, root)
	for address, want := range map[string]Outcome{
		healthy.Addr().String(): "none/none:250:done", closed.Addr().String(): "greeting_refused/access_denied:554:greeting",
	} {
		m := tg.AwaitMetric(t, address, func(m telegraf.Metric) bool { return m.Tags()["relay"] == "smtp://"+address })
		require.Equal(t, want, outcomeOf(m))
	}
	// Before Stop, because execd may log an error when its pipes close.
	require.NotContains(t, tg.Output(), " E! ", "neither root nor a capability is needed")
	tg.Stop(t)
	require.FileExists(t, i.path("var/lib/telegraf/smtpprobe.state"))
	return edited
}

// requireFiles checks the paths and the modes of the installed files.
func requireFiles(t *testing.T, i *installation) {
	t.Helper()
	want := map[string]fs.FileMode{
		"usr/bin/smtpprobe":                                          0o755,
		"etc/telegraf/smtpprobe.conf":                                0o640,
		"usr/share/man/man1/smtpprobe.1.gz":                          0o644,
		"usr/share/doc/smtpprobe/README.md":                          0o644,
		"usr/share/doc/smtpprobe/copyright":                          0o644,
		"usr/share/doc/smtpprobe/third-party-licenses.txt":           0o644,
		"usr/share/doc/smtpprobe/packaging/telegraf.conf":            0o644,
		"usr/share/doc/smtpprobe/packaging/hardening.conf":           0o644,
		"usr/share/doc/smtpprobe/docs/install.md":                    0o644,
		"usr/share/doc/smtpprobe/plugins/inputs/smtpprobe/README.md": 0o644,
	}
	for name, mode := range want {
		info, err := os.Stat(i.path(name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), name)
		require.Positive(t, info.Size(), name)
	}
	requireLinks(t, i.path("usr/share/doc/smtpprobe"))
	for _, dir := range []string{"usr", "etc"} {
		require.NoError(t, filepath.WalkDir(i.path(dir), func(path string, e fs.DirEntry, err error) error {
			require.NoError(t, err)
			name, err := filepath.Rel(i.root, path)
			require.NoError(t, err)
			require.NotContains(t, name, "telegraf.d", "Telegraf would read it as its own configuration")
			if e.IsDir() {
				info, err := e.Info()
				require.NoError(t, err)
				require.Equal(t, fs.FileMode(0o755), info.Mode().Perm(), "%s: accessible to every user", name)
			} else if want[name] == 0 {
				require.True(t, strings.HasPrefix(name, "usr/share/doc/smtpprobe/"), "%s: nothing else is installed", name)
			}
			return nil
		}))
	}
}

// requireLinks checks that each link between installed documents leads to a file.
func requireLinks(t *testing.T, root string) {
	t.Helper()
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)
	require.NoError(t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		if e.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(path), filepath.FromSlash(found[1])))
			require.NoError(t, err, "%s: %s", path, found[0])
		}
		return nil
	}))
}

// copyExample copies the execd block, as docs/install.md describes.
func copyExample(t *testing.T, i *installation) {
	t.Helper()
	block := i.path("etc/telegraf/telegraf.d/smtpprobe.conf")
	require.NoError(t, os.MkdirAll(filepath.Dir(block), 0o755)) //nolint:gosec // as Telegraf's own package
	text := i.read(t, "usr/share/doc/smtpprobe/packaging/telegraf.conf")
	require.NoError(t, os.WriteFile(block, []byte(text), 0o644)) //nolint:gosec // as Telegraf's own package
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(filepath.Dir(block))) })
}

// startTelegrafIn runs the stock Telegraf in a root directory, with the
// configuration in its telegraf.d, as nobody and without capabilities.
func startTelegrafIn(t *testing.T, root string) *Telegraf {
	t.Helper()
	i := installation{root: root}
	program, err := os.ReadFile(telegrafBinary(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(i.path("usr/bin/telegraf"), program, 0o755)) //nolint:gosec // executed by another user
	require.NoError(t, os.WriteFile(i.path("etc/telegraf/telegraf.conf"), []byte(`
[agent]
  round_interval = false
  flush_interval = "1s"
  omit_hostname = true
[[outputs.file]]
  files = ["/var/lib/telegraf/metrics"]
  data_format = "influx"
`), 0o644)) //nolint:gosec // as Telegraf's own package
	require.NoError(t, os.Chmod(root, 0o755)) //nolint:gosec // accessible to another user
	require.NoError(t, os.Chown(i.path("etc/telegraf/smtpprobe.conf"), 0, nobody), "as the package does for the group telegraf")
	state := i.path("var/lib/telegraf")
	require.NoError(t, os.MkdirAll(state, 0o755)) //nolint:gosec // accessible to another user
	require.NoError(t, os.Chown(state, nobody, nobody))

	return &Telegraf{Program: StartProgram(t, Place{Dir: state}, "telegraf", "setpriv", "--no-new-privs", "chroot", "--userspec=65534:65534", root,
		"/usr/bin/telegraf", "--config", "/etc/telegraf/telegraf.conf", "--config-directory", "/etc/telegraf/telegraf.d")}
}

func readRepository(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}
