package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// promptly is much shorter than the timeouts of the program, and much longer than the
// program needs to exit.
const promptly = 2 * time.Second

// startBlocked starts a process that will wait for input.
func startBlocked(t *testing.T, stdin io.Reader, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var output bytes.Buffer
	cmd := command(t, nil, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &output, &output
	require.NoError(t, cmd.Start())
	return cmd, &output
}

// fifo creates a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	return path
}

// awaitReader waits until the program has opened a named pipe for reading.
func awaitReader(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
}

func TestSignal_ReadingFile(t *testing.T) {
	t.Parallel()
	const relay = "smtp://127.0.0.1:1"
	for _, tt := range []struct {
		name   string
		args   func(fifo string) []string
		prefix string
	}{
		{name: "configuration", args: func(f string) []string { return []string{"--config", f} }, prefix: "E! "},
		{name: "configuration, once", args: func(f string) []string { return []string{"--once", "--config", f} }, prefix: "smtpprobe: "},
		{name: "configuration of check", args: func(f string) []string { return []string{"check", "--config", f} }, prefix: "smtpprobe: "},
		{name: "password", args: func(f string) []string { return []string{"check", "--username", "u", "--password-file", f, relay} }, prefix: "smtpprobe: "},
		{name: "results", args: func(f string) []string { return []string{"report", f} }, prefix: "smtpprobe: "},
	} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(tt.name+", "+signal.String(), func(t *testing.T) {
				t.Parallel()
				path := fifo(t)
				cmd, output := startBlocked(t, nil, tt.args(path)...)
				awaitReader(t, path)
				requireEnds(t, cmd, signal)
				require.Equal(t, statusFailed, cmd.ProcessState.ExitCode())
				require.Equal(t, tt.prefix+"interrupted\n", output.String())
			})
		}
	}
}

func TestSignal_ReadingStandardInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"report", "-"},
		{"check", "--username", "u", "--password-file", "-", "smtp://127.0.0.1:1"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			path := fifo(t)
			// Opened for reading and writing, it never blocks and never returns EOF.
			stdin, err := os.OpenFile(path, os.O_RDWR, 0)
			require.NoError(t, err)
			defer stdin.Close()
			_, err = stdin.WriteString("x")
			require.NoError(t, err)
			cmd, output := startBlocked(t, stdin, args...)
			for pending := 1; pending > 0; { // until the program has read
				pending, err = unix.IoctlGetInt(int(stdin.Fd()), unix.TIOCINQ)
				require.NoError(t, err)
			}
			requireEnds(t, cmd, syscall.SIGINT)
			require.Equal(t, "smtpprobe: interrupted\n", output.String())
		})
	}
}

func TestSignal_FetchingConfig(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	cmd, output := startBlocked(t, nil, "--once", "--config", "http://user:hunter2@"+silent.Addr().String()+"/smtpprobe.conf")
	conn, err := silent.Accept()
	require.NoError(t, err)
	defer conn.Close()
	requireEnds(t, cmd, syscall.SIGTERM)
	require.Equal(t, "smtpprobe: interrupted\n", output.String())
}

// requireEnds sends a signal and requires that the process exits promptly.
func requireEnds(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) {
	t.Helper()
	start := time.Now()
	require.NoError(t, cmd.Process.Signal(signal))
	require.NoError(t, waitFor(cmd))
	require.Less(t, time.Since(start), promptly)
}

// waitFor waits up to 30 s until the process exits. It returns an error if it had to
// kill the process.
func waitFor(cmd *exec.Cmd) error {
	kill := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() }) //nolint:errcheck // the test fails anyway
	defer kill.Stop()
	if err := cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			return err
		}
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signaled() && status.Signal() == syscall.SIGKILL {
		return errors.New("the process did not exit")
	}
	return nil
}

// blockedPipe returns the write end of a pipe that is full and has no reader.
func blockedPipe(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	fd := int(w.Fd()) // makes it blocking
	require.NoError(t, unix.SetNonblock(fd, true))
	block := make([]byte, 4096)
	for {
		if _, err := unix.Write(fd, block); errors.Is(err, unix.EAGAIN) {
			break
		}
	}
	require.NoError(t, unix.SetNonblock(fd, false))
	return w
}

func TestSignal_SecondKills(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		shell []string // command that starts the program
		check func(syscall.WaitStatus) bool
	}{
		{name: "foreground", check: func(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == syscall.SIGINT }},
		{
			name: "SIGINT ignored", shell: []string{"/bin/sh", "-c", `trap "" INT; exec "$0" "$@"`},
			check: func(s syscall.WaitStatus) bool { return s.ExitStatus() == 128+int(syscall.SIGINT) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil, "check", "smtp://127.0.0.1:1")
			if tt.shell != nil {
				cmd.Path, cmd.Args = tt.shell[0], append(tt.shell, cmd.Args...)
			}
			cmd.Stdout = blockedPipe(t)
			require.NoError(t, cmd.Start())
			done := make(chan error, 1)
			go func() { done <- waitFor(cmd) }()
			start := time.Now()
			ticker := time.NewTicker(50 * time.Millisecond) // pending signals are merged
			defer ticker.Stop()
			for ended := false; !ended; {
				select {
				case <-ticker.C:
					_ = cmd.Process.Signal(syscall.SIGINT) //nolint:errcheck // the process may have exited
				case err := <-done:
					require.NoError(t, err)
					ended = true
				}
			}
			require.Less(t, time.Since(start), promptly)
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, ok)
			require.True(t, tt.check(status), "%v", status)
		})
	}
}

// killedByTelegraf is the time after which inputs.execd kills a process whose stdin it
// closed.
const killedByTelegraf = 5 * time.Second

func TestExecd_BlockedOutput(t *testing.T) {
	t.Parallel()
	const relays = 20 // each of them logs a line
	config := func(t *testing.T, srv *smtptest.Server) string {
		var conf strings.Builder
		conf.WriteString("[[inputs.smtpprobe]]\n")
		for i := range relays {
			fmt.Fprintf(&conf, "  [[inputs.smtpprobe.relay]]\n    name = \"%d\"\n    url = %q\n", i, urlOf(srv))
		}
		return configFile(t, conf.String())
	}
	for _, tt := range []struct {
		name       string
		readStdout bool
		end        func(*service, io.Closer) error
	}{
		{name: "standard error, stdin closed", readStdout: true, end: func(_ *service, stdin io.Closer) error { return stdin.Close() }},
		{name: "standard error, SIGTERM", readStdout: true, end: func(s *service, _ io.Closer) error { return s.cmd.Process.Signal(syscall.SIGTERM) }},
		{name: "both, stdin closed", readStdout: false, end: func(_ *service, stdin io.Closer) error { return stdin.Close() }},
		{name: "both, SIGTERM", readStdout: false, end: func(s *service, _ io.Closer) error { return s.cmd.Process.Signal(syscall.SIGTERM) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
			s := &service{cmd: command(t, nil, "--config", config(t, srv))}
			stdin, err := s.cmd.StdinPipe()
			require.NoError(t, err)
			s.cmd.Stderr = blockedPipe(t)
			var metrics bytes.Buffer
			if s.cmd.Stdout = blockedPipe(t); tt.readStdout {
				s.cmd.Stdout = &metrics
			}
			require.NoError(t, s.cmd.Start())
			_, err = io.WriteString(stdin, "\n")
			require.NoError(t, err)
			srv.Wait(t, relays)
			require.NoError(t, tt.end(s, stdin))
			start := time.Now()
			require.NoError(t, waitFor(s.cmd))
			require.Less(t, time.Since(start), killedByTelegraf)
		})
	}
}

// A log that nobody reads does not delay the metrics.
func TestExecd_BlockedLog(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
	s := &service{cmd: command(t, nil, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", urlOf(srv))))}
	s.cmd.Stderr = blockedPipe(t)
	s.start(t)
	for range 3 {
		s.prompt(t)
		require.Contains(t, s.metric(t), "error_class=greeting_refused")
	}
	require.NoError(t, s.stdin.Close())
	s.wait(t)
}

func TestOnce_ClosedPipe(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--once", "--config", configFile(t, "[[inputs.smtpprobe]]\n  servers = [\"smtp://127.0.0.1:1\"]\n")},
		{"classes"}, {"--help"}, {"sample-config"}, {"check", "--probe", "connect", "--expect", "connect_error", "127.0.0.1:1"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			require.NoError(t, err)
			require.NoError(t, r.Close())
			defer w.Close()
			var stderr bytes.Buffer
			cmd := command(t, nil, args...)
			cmd.Stdout, cmd.Stderr = w, &stderr
			require.NoError(t, cmd.Run(), &stderr)
			require.Empty(t, stderr.String())
		})
	}
}

func TestSignal_Watch(t *testing.T) {
	t.Parallel()
	healthy, busy := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	for _, tt := range []struct {
		name   string
		relays []string
		status int
		counts string
	}{
		{name: "success", relays: []string{urlOf(healthy)}, status: statusOK, counts: `1 OK, 0 FAILED\ntime of those OK: .*\n       1  ` + urlOf(healthy) + `  OK\n`},
		{
			name: "failure", relays: []string{urlOf(busy), urlOf(healthy)}, status: statusFailed,
			counts: `1 OK, 1 FAILED\ntime of those OK: .*\n(       1  ` + urlOf(healthy) + `  OK\n|       1  ` + urlOf(busy) + `  FAILED  service_unavailable/congested\n){2}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil, append([]string{"check", "--watch=1h"}, tt.relays...)...)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewReader(stdout)
			for remaining := len(tt.relays); remaining > 0; {
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				if !strings.HasPrefix(line, " ") { // who acts, what to do
					require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  (OK    |FAILED)  smtp://`, line)
					remaining--
				}
			}
			require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
			rest, err := io.ReadAll(lines)
			require.NoError(t, err)
			var exit *exec.ExitError
			if err := cmd.Wait(); tt.status != statusOK {
				require.ErrorAs(t, err, &exit)
			}
			require.Equal(t, tt.status, cmd.ProcessState.ExitCode())
			require.Regexp(t, `\n\d probes in \d+s: `+tt.counts+`$`, string(rest))
		})
	}
}
