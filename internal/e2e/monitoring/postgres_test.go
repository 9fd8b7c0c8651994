//go:build e2e

package monitoring

import (
	"encoding/csv"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// postgres is a PostgreSQL server. It replaces InfluxDB 3, which Debian and the Go
// module proxy do not have: both support the SQL in the documentation.
type postgres struct{ dir, bin string }

// influxDBFunctions defines functions of InfluxDB 3's SQL.
const influxDBFunctions = `
CREATE FUNCTION append_float(float8[], float8, float8) RETURNS float8[] LANGUAGE sql AS
  'SELECT CASE WHEN $2 IS NULL THEN $1 ELSE array_append(CASE WHEN cardinality($1) = 0 THEN ARRAY[$3] ELSE $1 END, $2) END';
CREATE FUNCTION percentile_of(float8[]) RETURNS float8 LANGUAGE sql AS
  'SELECT percentile_cont($1[1]) WITHIN GROUP (ORDER BY v) FROM unnest($1[2:]) AS v';
CREATE AGGREGATE approx_percentile_cont(float8, float8) (SFUNC = append_float, STYPE = float8[], INITCOND = '{}', FINALFUNC = percentile_of);
`

// startPostgres starts a server and runs a script. It returns nil, and logs that,
// if PostgreSQL is not installed.
func startPostgres(t *testing.T, script string) *postgres {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	require.NoError(t, err)
	_, errUser := user.Lookup("postgres")
	if len(found) == 0 || errUser != nil || os.Getuid() != 0 {
		t.Log("the SQL of docs/queries.md is not tested: PostgreSQL is not installed, or the user is not root")
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", "postgres-") //nolint:usetesting // the test's directory is not accessible to the user postgres
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	p := &postgres{dir: dir, bin: filepath.Dir(found[len(found)-1])}
	p.run(t, "", "chown", "postgres", dir)
	p.asPostgres(t, "", "initdb", "-D", dir+"/data", "-A", "trust", "-N")
	p.asPostgres(t, "", "pg_ctl", "-D", dir+"/data", "-w", "-l", dir+"/log", "-o", "-c listen_addresses= -k "+dir, "start")
	t.Cleanup(func() { p.asPostgres(t, "", "pg_ctl", "-D", dir+"/data", "-m", "immediate", "stop") })
	p.asPostgres(t, influxDBFunctions+script, "psql", "-h", dir, "-q", "-v", "ON_ERROR_STOP=1")
	return p
}

func (p *postgres) asPostgres(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	return p.run(t, input, "runuser", append([]string{"-u", "postgres", "--", filepath.Join(p.bin, program)}, args...)...)
}

func (p *postgres) run(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...) // also during cleanup, when t.Context is canceled
	cmd.Dir, cmd.Stdin = p.dir, strings.NewReader(input)
	output, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output // not a pipe, because the server keeps it open
	err = cmd.Run()
	text, readErr := os.ReadFile(output.Name())
	require.NoError(t, readErr)
	require.NoError(t, err, "%s %v\n%s", program, args, text)
	return string(text)
}

// rows returns the result of a query.
func (p *postgres) rows(t *testing.T, query string) []map[string]any {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(p.asPostgres(t, query, "psql", "-h", p.dir, "-q", "--csv"))).ReadAll()
	require.NoError(t, err, query)
	rows := make([]map[string]any, 0, len(lines))
	for _, line := range lines[1:] {
		row := make(map[string]any)
		for i, column := range lines[0] {
			row[column] = line[i]
			if number, err := strconv.ParseFloat(line[i], 64); err == nil {
				row[column] = number
			}
		}
		rows = append(rows, row)
	}
	return rows
}
