package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

func TestReport(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	results := program("--once", "--config", configFile(t, "[[inputs.smtpprobe]]\n  servers = [\""+urlOf(srv)+"\"]\n  helo = \"probe.test\"\n"))
	require.Equal(t, statusOK, results.status, results.stderr)
	dir := t.TempDir()
	lines, page := filepath.Join(dir, "results.lp"), filepath.Join(dir, "report.html")
	require.NoError(t, os.WriteFile(lines, []byte(results.stdout), 0o600))

	got := program("report", lines)
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Contains(t, got.stdout, urlOf(srv))

	for _, args := range [][]string{{"report", "-o", page, lines}, {"report", lines, "--output", page}} {
		require.NoError(t, os.WriteFile(page, []byte("an existing page"), 0o600))
		output := program(args...)
		require.Equal(t, statusOK, output.status, output.stderr)
		require.Empty(t, output.stdout)
		written, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Equal(t, got.stdout, string(written))
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "temporary files are removed")
}

func TestReport_StandardInput(t *testing.T) {
	got := programWith("smtpprobe,relay=a success=1i,result=\"none\",total_time=0.1 1795250000000000000\n", "report", "-")
	require.Equal(t, statusOK, got.status, got.stderr)
	require.Contains(t, got.stdout, "<title>SMTP relays, 2026-11-21 08:33:20 to ")
}

func TestReport_WrongInput(t *testing.T) {
	dir := t.TempDir()
	empty, page := filepath.Join(dir, "empty.lp"), filepath.Join(dir, "report.html")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	require.NoError(t, os.WriteFile(page, []byte("an existing page"), 0o600))
	for name, tt := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"no argument":             {args: []string{"report"}, status: statusUsage, stderr: "needs a file"},
		"missing file":            {args: []string{"report", filepath.Join(dir, "missing.lp")}, status: statusFailed, stderr: "missing.lp"},
		"no results":              {args: []string{"report", empty}, status: statusFailed, stderr: "no probe"},
		"not line protocol":       {args: []string{"report", "report_test.go"}, status: statusFailed, stderr: "report_test.go is not line protocol: line 1"},
		"unknown flag":            {args: []string{"report", "--pdf", empty}, status: statusUsage, stderr: "pdf"},
		"missing directory":       {args: []string{"report", "-o", filepath.Join(dir, "no", "where"), empty}, status: statusFailed, stderr: "where"},
		"no probe, existing page": {args: []string{"report", "-o", page, empty}, status: statusFailed, stderr: "no probe"},
	} {
		t.Run(name, func(t *testing.T) {
			got := program(tt.args...)
			require.Equal(t, tt.status, got.status)
			require.Contains(t, got.stderr, tt.stderr)
			require.Empty(t, got.stdout)
		})
	}
	kept, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "an existing page", string(kept))
}
