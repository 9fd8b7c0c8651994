//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Place is what one server has to itself.
type Place struct {
	// Dir is removed with the test. Unlike that of testing.T it can be entered
	// by the users that servers change to, and is short enough for the paths of
	// unix sockets.
	Dir string
	// Address is a loopback address on which any port is free.
	Address string
}

func newPlace(t *testing.T, name string) Place {
	t.Helper()
	dir, err := os.MkdirTemp("", name) //nolint:usetesting // see Dir
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // other users enter it
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return Place{Dir: dir, Address: newAddress()}
}

// newAddress is a random loopback address: chances are one in millions that two
// tests, of whatever process, get the same.
func newAddress() string {
	//nolint:gosec // nothing is secret about it
	return fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(128), rand.IntN(256), 1+rand.IntN(254))
}

// path is that of a file in the directory.
func (p Place) path(elements ...string) string {
	return filepath.Join(append([]string{p.Dir}, elements...)...)
}

// port is the address with a port.
func (p Place) port(port int) string { return fmt.Sprintf("%s:%d", p.Address, port) }

func (p Place) write(t *testing.T, name, content string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(p.path(name), []byte(content), 0o644)) //nolint:gosec // other users read it
	return p.path(name)
}

// mkdir makes a directory that belongs to a system user.
func (p Place) mkdir(t *testing.T, name, owner string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.path(name), 0o755)) //nolint:gosec // other users enter it
	u, err := user.Lookup(owner)
	require.NoError(t, err)
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(p.path(name), uid, gid))
	return p.path(name)
}
