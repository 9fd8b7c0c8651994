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

// A vulnerability of a function that a program of ours calls, as the database
// has it; the program is a small one, since a scan takes its time.
const (
	reached = `{"schema_version":"1.3.1","id":"GO-0000-0001","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z",
		"summary":"made up for a test","details":"made up for a test","affected":[{"package":{"name":"stdlib","ecosystem":"Go"},
		"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		"ecosystem_specific":{"imports":[{"path":"crypto/x509","symbols":["CreateCertificate"]}]}}],
		"database_specific":{"url":"https://pkg.go.dev/vuln/GO-0000-0001","review_status":"REVIEWED"}}`
	calling = "./internal/smtptest/certs"
	modules = `[{"path":"stdlib","vulns":[{"id":"GO-0000-0001","modified":"2026-01-01T00:00:00Z"}]}]`
)

func TestVulncheck(t *testing.T) {
	found, err := filepath.Glob(filepath.Join("..", "bin", ".govulncheck-*"))
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("make lint builds govulncheck")
	}
	// Nobody listens where somebody did.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())

	for name, test := range map[string]struct {
		database string
		status   int
		says     string
	}{
		"no vulnerability":               {database: database(t, `[]`), says: "No vulnerabilities found"},
		"one that the code reaches":      {database: database(t, modules), status: 3, says: "GO-0000-0001"},
		"the database cannot be reached": {database: "https://vuln.go.dev", says: "WARNING: NOT CHECKED"},
		"the database does not exist":    {database: "file://" + filepath.Join(t.TempDir(), "none"), status: 1, says: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			govulncheck, err := filepath.Abs(found[0])
			require.NoError(t, err)
			cmd := exec.Command("packaging/vulncheck.sh", govulncheck, test.database, calling)
			cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://"+listener.Addr().String())
			cmd.Dir = ".."
			out, _ := cmd.CombinedOutput() //nolint:errcheck // the status says it
			require.Equal(t, test.status, cmd.ProcessState.ExitCode(), "%s", out)
			require.Contains(t, string(out), test.says)
		})
	}
}

// database is a directory in the form of the Go vulnerability database.
func database(t *testing.T, modules string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index/db.json": `{"modified":"2026-01-01T00:00:00Z"}`, "index/modules.json": modules, "ID/GO-0000-0001.json": reached,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return "file://" + dir
}
