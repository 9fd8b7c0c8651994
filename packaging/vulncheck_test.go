//go:build unix

package packaging

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A made-up vulnerability of a function that a package calls, in the format of the
// Go vulnerability database. The package is small, because scans are slow.
const (
	vulnerability = `{"schema_version":"1.3.1","id":"GO-0000-0001","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z",
		"summary":"made up for a test","details":"made up for a test","affected":[{"package":{"name":"stdlib","ecosystem":"Go"},
		"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		"ecosystem_specific":{"imports":[{"path":"crypto/x509","symbols":["CreateCertificate"]}]}}],
		"database_specific":{"url":"https://pkg.go.dev/vuln/GO-0000-0001","review_status":"REVIEWED"}}`
	caller  = "./internal/smtptest/certs"
	modules = `[{"path":"stdlib","vulns":[{"id":"GO-0000-0001","modified":"2026-01-01T00:00:00Z"}]}]`
)

func TestVulncheck(t *testing.T) {
	found, err := filepath.Glob(filepath.Join("..", "bin", ".govulncheck-*"))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("make lint builds govulncheck")
	}
	// A proxy address where nothing listens makes the database unreachable.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())

	for name, test := range map[string]struct {
		database string
		status   int
		output   string
	}{
		"no vulnerability":     {database: database(t, `[]`), output: "No vulnerabilities found"},
		"called vulnerability": {database: database(t, modules), status: 3, output: "GO-0000-0001"},
		"unreachable database": {database: "https://vuln.go.dev", output: "WARNING: NOT CHECKED"},
		"missing database":     {database: "file://" + filepath.Join(t.TempDir(), "none"), status: 1, output: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			govulncheck, err := filepath.Abs(found[0])
			require.NoError(t, err)
			cmd := exec.Command("packaging/vulncheck.sh", govulncheck, test.database, caller)
			cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://"+listener.Addr().String())
			cmd.Dir = ".."
			out, _ := cmd.CombinedOutput() //nolint:errcheck // the exit code is compared
			require.Equal(t, test.status, cmd.ProcessState.ExitCode(), "%s", out)
			require.Contains(t, string(out), test.output)
		})
	}
}

// database creates a directory in the format of the Go vulnerability database.
func database(t *testing.T, modules string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index/db.json": `{"modified":"2026-01-01T00:00:00Z"}`, "index/modules.json": modules, "ID/GO-0000-0001.json": vulnerability,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return "file://" + dir
}
