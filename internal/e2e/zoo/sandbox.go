//go:build e2e && zoo

package zoo

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/e2e"
)

// hostname is the name of the host in a sandbox. Sendmail waits a minute if it
// has no dot.
const hostname = "zoo.example.test"

// enter mounts the unpacked packages over the system's directories, with a
// writable layer on top, and copies $ROOT/etc and $ROOT/var into it. $ROOT is the
// server's own directory.
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

// sandboxed runs a shell script with unpacked packages in a mount namespace. The
// script ends by running the server in the foreground. It stops when the test
// ends.
func sandboxed(t *testing.T, place e2e.Place, name string, packages []string, script string) *e2e.Program {
	t.Helper()
	paths := make([]string, 0, len(packages))
	for _, p := range packages {
		paths = append(paths, e2e.Unpacked(t, p))
	}
	require.NoError(t, os.WriteFile(place.File("start.sh"), []byte(enter+script), 0o755)) //nolint:gosec // executed by other users
	return e2e.StartProgram(t, place, name, "unshare", "--mount", "--uts",
		"env", "ROOT="+place.Dir, "ADDRESS="+place.Address, "PACKAGES="+strings.Join(paths, " "), "sh", place.File("start.sh"))
}
