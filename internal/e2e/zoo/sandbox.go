//go:build e2e && zoo

package zoo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// hostname is the one that a server in a sandbox has. Sendmail waits a minute
// for a name without a dot.
const hostname = "zoo.example.test"

// enter mounts the unpacked packages over the system's folders, with a writable
// layer on top that nobody else sees, and then runs the script. $ROOT is the
// server's own directory; what is below $ROOT/etc and $ROOT/var is laid on top.
const enter = `set -e
hostname ` + hostname + `
mkdir -p "$ROOT/layers"
mount -t tmpfs -o mode=0755 tmpfs "$ROOT/layers"
for top in usr etc var; do
	lower=
	for package in $PACKAGES; do
		test ! -d "$package/$top" || lower="$lower$package/$top:"
	done
	mkdir -p "$ROOT/layers/$top" "$ROOT/layers/.$top"
	mount -t overlay overlay -o "lowerdir=$lower/$top,upperdir=$ROOT/layers/$top,workdir=$ROOT/layers/.$top" "/$top"
	test ! -d "$ROOT/$top" || cp -R "$ROOT/$top/." "/$top/"
done
`

// sandboxed starts a shell script in namespaces of its own. The script ends by
// exec of the server, in the foreground. Everything ends with the test.
func sandboxed(t *testing.T, place e2e.Place, name string, packages []string, script string) *e2e.Program {
	t.Helper()
	paths := make([]string, 0, len(packages))
	for _, p := range packages {
		path := filepath.Join(directory(t), p)
		require.DirExists(t, path, "make zoo unpacks it")
		paths = append(paths, path)
	}
	require.NoError(t, os.WriteFile(place.File("start.sh"), []byte(enter+script), 0o755)) //nolint:gosec // other users run it
	return e2e.StartProgram(t, place, name, "unshare", "--mount", "--uts",
		"env", "ROOT="+place.Dir, "ADDRESS="+place.Address, "PACKAGES="+strings.Join(paths, " "), "sh", place.File("start.sh"))
}

// directory is where install.sh unpacked the servers.
func directory(t *testing.T) string {
	t.Helper()
	return filepath.Join(e2e.Root(t), "bin", ".zoo")
}

// fill replaces {dir}, {address} and further names in a configuration.
func fill(place e2e.Place, text string, more ...string) string {
	return strings.NewReplacer(append([]string{"{dir}", place.Dir, "{address}", place.Address}, more...)...).Replace(text)
}

func write(t *testing.T, place e2e.Place, name, text string, more ...string) string {
	t.Helper()
	return place.WriteFile(t, name, fill(place, text, more...))
}

func url(scheme string, place e2e.Place, port int) string {
	return fmt.Sprintf("%s://%s:%d", scheme, place.Address, port)
}
