package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// asProgram is the environment variable that makes the test binary the program, for
// tests that need a process: for its signals, its environment, or the secrets that
// Telegraf keeps globally.
const asProgram = "SMTPPROBE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// result is the exit status and the output of the program.
type result struct {
	status         int
	stdout, stderr string
}

// program runs the program within the test.
func program(args ...string) result { return programWith("", args...) }

// programWith is program with standard input.
func programWith(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := run(append([]string{"smtpprobe"}, args...), console.Streams{In: strings.NewReader(stdin), Out: &stdout, Err: &stderr})
	return result{status, stdout.String(), stderr.String()}
}

// process runs the program as a process, with further environment variables.
func process(t *testing.T, env []string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// command returns the command that runs the program as a process.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	return cmd
}

// service is a process as inputs.execd runs it.
type service struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	pipe   io.Closer // stdout
	stdout *bufio.Scanner
	stderr bytes.Buffer
}

// serve starts a service.
func serve(t *testing.T, args ...string) *service {
	t.Helper()
	s := &service{cmd: command(t, nil, args...)}
	s.cmd.Stderr = &s.stderr
	s.start(t)
	return s
}

func (s *service) start(t *testing.T) {
	t.Helper()
	stdin, err := s.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	s.pipe, s.stdin, s.stdout = stdout, stdin, bufio.NewScanner(stdout)
	require.NoError(t, s.cmd.Start())
}

// prompt starts a gather.
func (s *service) prompt(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(s.stdin, "\n")
	require.NoError(t, err)
}

// metric waits for the next metric.
func (s *service) metric(t *testing.T) string {
	t.Helper()
	require.True(t, s.scan(), "no metric: %s", &s.stderr)
	return s.stdout.Text()
}

// scan reads the next line that is not about the gather itself.
func (s *service) scan() bool {
	for s.stdout.Scan() {
		if !strings.HasPrefix(s.stdout.Text(), "smtpprobe_gather,") {
			return true
		}
	}
	return false
}

// wait reads the remaining metrics and waits for exit status 0.
func (s *service) wait(t *testing.T) string {
	t.Helper()
	var rest strings.Builder
	for s.scan() {
		rest.WriteString(s.stdout.Text() + "\n")
	}
	require.NoError(t, s.cmd.Wait(), &s.stderr)
	return rest.String()
}

// configFile writes a configuration file and returns its path.
func configFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smtpprobe.conf")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// urlOf returns the URL of a scripted relay.
func urlOf(s *smtptest.Server) string { return "smtp://" + s.Addr().String() }
