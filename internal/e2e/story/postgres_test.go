//go:build e2e

package story

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

// postgres is a server that stands in for InfluxDB 3, which cannot be had: both
// read the SQL of the documentation.
type postgres struct{ dir, bin string }

// lacking are functions of InfluxDB 3's SQL that PostgreSQL has by other names.
const lacking = `
CREATE FUNCTION append_float(float8[], float8, float8) RETURNS float8[] LANGUAGE sql AS
  'SELECT CASE WHEN $2 IS NULL THEN $1 ELSE array_append(CASE WHEN cardinality($1) = 0 THEN ARRAY[$3] ELSE $1 END, $2) END';
CREATE FUNCTION percentile_of(float8[]) RETURNS float8 LANGUAGE sql AS
  'SELECT percentile_cont($1[1]) WITHIN GROUP (ORDER BY v) FROM unnest($1[2:]) AS v';
CREATE AGGREGATE approx_percentile_cont(float8, float8) (SFUNC = append_float, STYPE = float8[], INITCOND = '{}', FINALFUNC = percentile_of);
`

// startPostgres has the tables that the script makes. It is nil where there is
// no PostgreSQL, which is said loudly.
func startPostgres(t *testing.T, script string) *postgres {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	require.NoError(t, err)
	_, errUser := user.Lookup("postgres")
	if len(found) == 0 || errUser != nil || os.Getuid() != 0 {
		t.Log("THE SQL OF docs/queries.md IS NOT RUN: no PostgreSQL, or not root")
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", "postgres-") //nolint:usetesting // the user postgres cannot enter a directory of the test
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	p := &postgres{dir: dir, bin: filepath.Dir(found[len(found)-1])}
	p.run(t, "", "chown", "postgres", dir)
	p.asPostgres(t, "", "initdb", "-D", dir+"/data", "-A", "trust", "-N")
	p.asPostgres(t, "", "pg_ctl", "-D", dir+"/data", "-w", "-l", dir+"/log", "-o", "-c listen_addresses= -k "+dir, "start")
	t.Cleanup(func() { p.asPostgres(t, "", "pg_ctl", "-D", dir+"/data", "-m", "immediate", "stop") })
	p.asPostgres(t, lacking+script, "psql", "-h", dir, "-q", "-v", "ON_ERROR_STOP=1")
	return p
}

func (p *postgres) asPostgres(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	return p.run(t, input, "runuser", append([]string{"-u", "postgres", "--", filepath.Join(p.bin, program)}, args...)...)
}

func (p *postgres) run(t *testing.T, input, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...) // also while the test ends
	cmd.Dir, cmd.Stdin = p.dir, strings.NewReader(input)
	output, err := os.CreateTemp(t.TempDir(), "out")
	require.NoError(t, err)
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output // a file: the server keeps it open
	err = cmd.Run()
	text, readErr := os.ReadFile(output.Name())
	require.NoError(t, readErr)
	require.NoError(t, err, "%s %v\n%s", program, args, text)
	return string(text)
}

// rows are those of a query.
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
