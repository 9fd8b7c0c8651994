//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImage replaces Telegraf's official image, which is in a registry, by one
// with only the program and its user.
func TestImage(t *testing.T) {
	storage := t.TempDir()
	engine := []string{
		"buildah", "--storage-driver=vfs", "--root=" + filepath.Join(storage, "root"), "--runroot=" + filepath.Join(storage, "run"),
	}
	buildah := func(args ...string) string {
		t.Helper()
		var stderr strings.Builder
		cmd := exec.Command(engine[0], append(engine[1:len(engine):len(engine)], args...)...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "buildah %s\n%s", strings.Join(args, " "), &stderr)
		return strings.TrimSpace(string(out))
	}
	t.Cleanup(func() { buildah("umount", "--all") })

	version := strings.TrimPrefix(telegrafVersion(t), "v")
	base := buildah("from", "scratch")
	program, err := filepath.EvalSymlinks(telegrafBinary(t))
	require.NoError(t, err)
	buildah("copy", "--chmod=755", base, program, "/usr/bin/telegraf")
	etc := PlaceFor(t, "etc")
	buildah("copy", base, etc.WriteFile(t, "passwd", fmt.Sprintf("telegraf:x:%d:%[1]d::/:/bin/false\n", nobody)), "/etc/passwd")
	buildah("copy", base, etc.WriteFile(t, "group", fmt.Sprintf("telegraf:x:%d:\n", nobody)), "/etc/group")
	buildah("commit", "--quiet", base, "docker.io/library/telegraf:"+version)

	out, err := exec.Command("make", "-C", filepath.Join("..", ".."), "image",
		"ENGINE="+strings.Join(engine, " "), "DIST="+filepath.Join(storage, "dist"), "VERSION=v0.0.0").CombinedOutput()
	require.NoError(t, err, "%s", out)

	const image = "localhost/smtpprobe:v0.0.0"
	root := buildah("mount", buildah("from", "--pull-never", image))
	state, err := os.Stat(filepath.Join(root, "var", "lib", "telegraf"))
	require.NoError(t, err)
	require.Equal(t, uint32(nobody), state.Sys().(*syscall.Stat_t).Uid, "Telegraf can write the state file")
	volumes := buildah("inspect", "--type", "image", "--format", "{{.OCIv1.Config.Volumes}}", image)
	require.Contains(t, volumes, "/var/lib/telegraf", "the state file survives the container")
	requireProbes(t, root)
}

// telegrafVersion returns the version in go.mod, which is also the image's.
func telegrafVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/influxdata/telegraf").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
