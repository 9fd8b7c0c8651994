//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Place is the directory and the address of one server.
type Place struct {
	// Dir is removed when the test ends. Unlike testing.T's temporary directory
	// it is accessible to other users, since servers change users, and its path
	// is short enough for unix sockets.
	Dir string
	// Address is a loopback address that no other server uses, so that ports can
	// be fixed.
	Address string
}

// PlaceFor returns a new directory and address for a server.
func PlaceFor(t *testing.T, name string) Place {
	t.Helper()
	dir, err := os.MkdirTemp("", name) //nolint:usetesting // see Dir
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // accessible to other users
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return Place{Dir: dir, Address: newAddress()}
}

// newAddress returns a random loopback address. There are eight million, so that
// two tests hardly ever get the same one, in this process or another.
func newAddress() string {
	//nolint:gosec // not secret
	return fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(128), rand.IntN(256), 1+rand.IntN(254))
}

// File returns the path of a file in the directory.
func (p Place) File(elements ...string) string {
	return filepath.Join(append([]string{p.Dir}, elements...)...)
}

// At returns the address with a port.
func (p Place) At(port int) string { return fmt.Sprintf("%s:%d", p.Address, port) }

// WriteFile writes a file into the directory, creates the directories above it
// and returns its path.
func (p Place) WriteFile(t *testing.T, name, content string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(p.File(name)), 0o755))     //nolint:gosec // accessible to other users
	require.NoError(t, os.WriteFile(p.File(name), []byte(content), 0o644)) //nolint:gosec // readable by other users
	return p.File(name)
}

// WriteConfig is WriteFile for a text in which {dir} and {address} stand for the
// place. More placeholders and their values follow in pairs.
func (p Place) WriteConfig(t *testing.T, name, text string, pairs ...string) string {
	t.Helper()
	pairs = append([]string{"{dir}", p.Dir, "{address}", p.Address}, pairs...)
	return p.WriteFile(t, name, strings.NewReplacer(pairs...).Replace(text))
}

// mkdir creates a directory that belongs to a system user.
func (p Place) mkdir(t *testing.T, name, owner string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.File(name), 0o755)) //nolint:gosec // accessible to other users
	u, err := user.Lookup(owner)
	require.NoError(t, err)
	uid, err := strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(u.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(p.File(name), uid, gid))
}
