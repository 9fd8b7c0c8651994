//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The image is built upon a stand-in for Telegraf's own, which holds the same
// program: a registry is not to be had in a test.
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
	buildah("commit", "--quiet", base, "docker.io/library/telegraf:"+version)

	out, err := exec.Command("make", "-C", filepath.Join("..", ".."), "image",
		"ENGINE="+strings.Join(engine, " "), "DIST="+filepath.Join(storage, "dist"), "VERSION=v0.0.0").CombinedOutput()
	require.NoError(t, err, "%s", out)

	requireProbes(t, buildah("mount", buildah("from", "--pull-never", "localhost/smtpprobe:v0.0.0")))
}

// telegrafVersion is that of go.mod, which the image has.
func telegrafVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/influxdata/telegraf").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
