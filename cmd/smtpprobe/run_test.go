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

// asProgram makes the test binary the program itself, for tests that need a
// process: its signals, its environment, secrets that Telegraf keeps globally.
const asProgram = "SMTPPROBE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// ran is what the program did.
type ran struct {
	status         int
	stdout, stderr string
}

// program runs it within the test.
func program(args ...string) ran { return programWith("", args...) }

func programWith(stdin string, args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := run(append([]string{"smtpprobe"}, args...), console.Streams{In: strings.NewReader(stdin), Out: &stdout, Err: &stderr})
	return ran{status, stdout.String(), stderr.String()}
}

// process runs it as a process of its own, with further environment variables.
func process(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1"), env...)
	return cmd
}

// service is the program as inputs.execd runs it.
type service struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	pipe   io.Closer // of stdout
	stdout *bufio.Scanner
	stderr bytes.Buffer
}

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

// ask asks for a gather.
func (s *service) ask(t *testing.T) {
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

// scan reads the next line that is not the point of a gather.
func (s *service) scan() bool {
	for s.stdout.Scan() {
		if !strings.HasPrefix(s.stdout.Text(), "smtpprobe_gather,") {
			return true
		}
	}
	return false
}

// end reads the rest as metric does, and returns it when the program has ended
// with status 0.
func (s *service) end(t *testing.T) string {
	t.Helper()
	var rest strings.Builder
	for s.scan() {
		rest.WriteString(s.stdout.Text() + "\n")
	}
	require.NoError(t, s.cmd.Wait(), &s.stderr)
	return rest.String()
}

func configFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smtpprobe.conf")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// at is where a scripted relay listens.
func at(s *smtptest.Server) string { return "smtp://" + s.Addr().String() }
