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

// promptly is much less than any timeout of the program, and much more than it
// needs to end.
const promptly = 2 * time.Second

// startBlocked starts the program for a test that makes it wait for input.
func startBlocked(t *testing.T, stdin io.Reader, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var output bytes.Buffer
	cmd := command(t, nil, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &output, &output
	require.NoError(t, cmd.Start())
	return cmd, &output
}

// fifo makes a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, unix.Mkfifo(path, 0o600))
	return path
}

// awaitReader opens a named pipe for writing, which succeeds when the program
// has opened it for reading.
func awaitReader(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
}

func TestSignal_EndsReading(t *testing.T) {
	t.Parallel()
	const relay = "smtp://127.0.0.1:1"
	for _, tt := range []struct {
		name   string
		args   func(fifo string) []string
		prefix string
	}{
		{"configuration", func(f string) []string { return []string{"--config", f} }, "E! "},
		{"configuration, once", func(f string) []string { return []string{"--once", "--config", f} }, "smtpprobe: "},
		{"configuration of check", func(f string) []string { return []string{"check", "--config", f} }, "smtpprobe: "},
		{"password", func(f string) []string { return []string{"check", "--username", "u", "--password-file", f, relay} }, "smtpprobe: "},
		{"results", func(f string) []string { return []string{"report", f} }, "smtpprobe: "},
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

func TestSignal_EndsReadingStandardInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"report", "-"},
		{"check", "--username", "u", "--password-file", "-", "smtp://127.0.0.1:1"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			path := fifo(t)
			// Opened for reading and writing it never blocks, and never ends.
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

func TestSignal_EndsFetchingConfig(t *testing.T) {
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

// requireEnds sends a signal and waits for the end.
func requireEnds(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) {
	t.Helper()
	began := time.Now()
	require.NoError(t, cmd.Process.Signal(signal))
	require.NoError(t, endOf(cmd))
	require.Less(t, time.Since(began), promptly)
}

// endOf waits for the end, for 30 s at most. A program that does not end by
// itself is an error.
func endOf(cmd *exec.Cmd) error {
	kill := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() }) //nolint:errcheck // the test fails then anyway
	defer kill.Stop()
	if err := cmd.Wait(); err != nil {
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			return err
		}
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signaled() && status.Signal() == syscall.SIGKILL {
		return errors.New("it did not end by itself")
	}
	return nil
}

// unread is a pipe that is full, and that nobody reads.
func unread(t *testing.T) *os.File {
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
		shell []string // starts the program
		ended func(syscall.WaitStatus) bool
	}{
		{name: "foreground", ended: func(s syscall.WaitStatus) bool { return s.Signaled() && s.Signal() == syscall.SIGINT }},
		{
			name: "SIGINT ignored", shell: []string{"/bin/sh", "-c", `trap "" INT; exec "$0" "$@"`},
			ended: func(s syscall.WaitStatus) bool { return s.ExitStatus() == 128+int(syscall.SIGINT) },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil, "check", "smtp://127.0.0.1:1")
			if tt.shell != nil {
				cmd.Path, cmd.Args = tt.shell[0], append(tt.shell, cmd.Args...)
			}
			cmd.Stdout = unread(t)
			require.NoError(t, cmd.Start())
			done := make(chan error, 1)
			go func() { done <- endOf(cmd) }()
			began := time.Now()
			again := time.NewTicker(50 * time.Millisecond) // signals that come together are one
			defer again.Stop()
			for ended := false; !ended; {
				select {
				case <-again.C:
					_ = cmd.Process.Signal(syscall.SIGINT) //nolint:errcheck // it may have ended
				case err := <-done:
					require.NoError(t, err)
					ended = true
				}
			}
			require.Less(t, time.Since(began), promptly)
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, ok)
			require.True(t, tt.ended(status), "%v", status)
		})
	}
}

// execd kills 5 s after it has closed stdin.
const killedByTelegraf = 5 * time.Second

func TestExecd_NobodyReads(t *testing.T) {
	t.Parallel()
	const relays = 20 // each logs a line
	config := func(t *testing.T, srv *smtptest.Server) string {
		var conf strings.Builder
		conf.WriteString("[[inputs.smtpprobe]]\n")
		for i := range relays {
			fmt.Fprintf(&conf, "  [[inputs.smtpprobe.relay]]\n    name = \"%d\"\n    url = %q\n", i, at(srv))
		}
		return configFile(t, conf.String())
	}
	for _, tt := range []struct {
		name   string
		stdout bool // is read
		end    func(*service, io.Closer) error
	}{
		{"standard error, stdin closed", true, func(_ *service, stdin io.Closer) error { return stdin.Close() }},
		{"standard error, SIGTERM", true, func(s *service, _ io.Closer) error { return s.cmd.Process.Signal(syscall.SIGTERM) }},
		{"both, stdin closed", false, func(_ *service, stdin io.Closer) error { return stdin.Close() }},
		{"both, SIGTERM", false, func(s *service, _ io.Closer) error { return s.cmd.Process.Signal(syscall.SIGTERM) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
			s := &service{cmd: command(t, nil, "--config", config(t, srv))}
			stdin, err := s.cmd.StdinPipe()
			require.NoError(t, err)
			s.cmd.Stderr = unread(t)
			var metrics bytes.Buffer
			if s.cmd.Stdout = unread(t); tt.stdout {
				s.cmd.Stdout = &metrics
			}
			require.NoError(t, s.cmd.Start())
			_, err = io.WriteString(stdin, "\n")
			require.NoError(t, err)
			srv.Wait(t, relays)
			require.NoError(t, tt.end(s, stdin))
			began := time.Now()
			require.NoError(t, endOf(s.cmd))
			require.Less(t, time.Since(began), killedByTelegraf)
		})
	}
}

// What is logged must not hold up the gathers: the metrics come, though the log
// is not read.
func TestExecd_NobodyReadsLog(t *testing.T) {
	t.Parallel()
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("554 no")})
	s := &service{cmd: command(t, nil, "--config", configFile(t, fmt.Sprintf("[[inputs.smtpprobe]]\n  servers = [%q]\n", at(srv))))}
	s.cmd.Stderr = unread(t)
	s.start(t)
	for range 3 {
		s.ask(t)
		require.Contains(t, s.metric(t), "error_class=greeting_refused")
	}
	require.NoError(t, s.stdin.Close())
	s.end(t)
}

func TestOnce_ReaderEnds(t *testing.T) {
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

func TestSignal_EndsWatch(t *testing.T) {
	t.Parallel()
	healthy, busy := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	for _, tt := range []struct {
		name   string
		relays []string
		status int
		counts string
	}{
		{name: "success", relays: []string{at(healthy)}, status: statusOK, counts: `1 OK, 0 FAILED\ntime of those OK: .*\n       1  ` + at(healthy) + `  OK\n`},
		{
			name: "failure", relays: []string{at(busy), at(healthy)}, status: statusFailed,
			counts: `1 OK, 1 FAILED\ntime of those OK: .*\n(       1  ` + at(healthy) + `  OK\n|       1  ` + at(busy) + `  FAILED  service_unavailable/congested\n){2}`,
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
