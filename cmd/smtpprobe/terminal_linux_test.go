package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// terminal is a pseudo terminal, with the end of the program and the end of the user.
type terminal struct {
	program *os.File
	user    *os.File

	mu     sync.Mutex
	output bytes.Buffer
	cond   *sync.Cond // signals changes of output and closed
	closed bool
}

func newTerminal(t *testing.T, width uint16) *terminal {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here: " + err.Error())
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { program.Close() })
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}))
	s := &terminal{program: program, user: user}
	s.cond = sync.NewCond(&s.mu)
	go s.watch()
	return s
}

// watch reads the output until the end of the program is closed.
func (s *terminal) watch() {
	b := make([]byte, 4096)
	for {
		n, err := s.user.Read(b)
		s.mu.Lock()
		s.output.Write(b[:n])
		s.closed = err != nil
		s.cond.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits for a text in the output.
func (s *terminal) await(t *testing.T, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.output.String(), text) && !s.closed {
		s.cond.Wait()
	}
	require.Contains(t, s.output.String(), text)
}

// awaitNoEcho waits until echo is off.
func (s *terminal) awaitNoEcho(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); runtime.Gosched() {
		settings, err := unix.IoctlGetTermios(int(s.user.Fd()), unix.TCGETS)
		require.NoError(t, err)
		if settings.Lflag&unix.ECHO == 0 {
			return
		}
	}
	require.Fail(t, "echo is still on")
}

// screen returns the whole output. It closes the end of the program.
func (s *terminal) screen() string {
	s.program.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed {
		s.cond.Wait()
	}
	return strings.ReplaceAll(s.output.String(), "\r\n", "\n")
}

func TestCheck_PasswordPrompt(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Accounts: &smtptest.Accounts{Passwords: map[string]string{"user": "s3cret word"}}})
	s := newTerminal(t, 80)
	status := make(chan int, 1)
	var stdout strings.Builder
	go func() {
		status <- run([]string{"smtpprobe", "check", "--probe", "auth", "--username", "user", "--auth-cleartext", urlOf(srv)}, console.Streams{In: s.program, Out: &stdout, Err: s.program})
	}()
	s.await(t, "Password of user: ")
	s.awaitNoEcho(t)
	_, err := s.user.WriteString("s3cret word\n")
	require.NoError(t, err)
	require.Equal(t, statusOK, <-status)
	require.Contains(t, stdout.String(), ": the relay accepts the credentials")
	require.Equal(t, "Password of user: \n", s.screen())
	require.Equal(t, "user", srv.Session(t).Identity)
}

// terminalSession runs a program as the foreground process of a terminal. If the
// program itself were the session leader, its end would hang up the terminal: the
// kernel would discard output that was not read yet, and turn echo on.
const terminalSession = `trap : INT QUIT; "$0" "$@"; echo "exit status $?"; read -r line`

func TestCheck_PasswordPromptInterrupted(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"Ctrl-C": "\x03", "Ctrl-\\": "\x1c"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t, 80)
			program := command(t, nil, "check", "--probe", "auth", "--username", "user", "smtp://127.0.0.1:1")
			cmd := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", terminalSession}, program.Args...)...)
			cmd.Env = program.Env
			cmd.Stdin, cmd.Stdout, cmd.Stderr = s.program, s.program, s.program
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			require.NoError(t, cmd.Start())
			s.await(t, "Password of user: ")
			s.awaitNoEcho(t)
			_, err := s.user.WriteString(key)
			require.NoError(t, err)
			s.await(t, "exit status ")
			settings, err := unix.IoctlGetTermios(int(s.user.Fd()), unix.TCGETS)
			require.NoError(t, err)
			require.NotZero(t, settings.Lflag&unix.ECHO, "echo is on again")
			_, err = s.user.WriteString("\n")
			require.NoError(t, err)
			require.NoError(t, waitFor(cmd))
			require.Contains(t, s.screen(), fmt.Sprintf("Password of user: \nsmtpprobe: interrupted\nexit status %d\n", statusFailed))
		})
	}
}

func TestExecd_Terminal(t *testing.T) {
	t.Parallel()
	s := newTerminal(t, 80)
	cmd := command(t, nil, "--config", configFile(t, "[[inputs.smtpprobe]]\n  servers = [\"smtp://127.0.0.1:1\"]\n"))
	cmd.Stdin, cmd.Stderr = s.program, s.program
	require.NoError(t, cmd.Start())
	s.await(t, "I! each line on standard input starts a gather; --once gathers once and ends")
	requireEnds(t, cmd, syscall.SIGINT)
	require.Equal(t, statusOK, cmd.ProcessState.ExitCode())
}

func TestReport_Terminal(t *testing.T) {
	t.Parallel()
	s := newTerminal(t, 80)
	require.Equal(t, statusUsage, run([]string{"smtpprobe", "report", "x.lp"}, console.Streams{In: s.program, Out: s.program, Err: s.program}))
	require.Contains(t, s.screen(), "smtpprobe: report does not write HTML to a terminal: name a file with --output")
}

func TestCheck_Terminal(t *testing.T) {
	healthy, refusing := smtptest.Start(t, smtptest.Script{}), smtptest.Start(t, smtptest.Script{Rcpt: smtptest.Say("550 5.1.1 no")})
	screen := func(term, noColor string) string {
		t.Setenv("TERM", term)
		t.Setenv("NO_COLOR", noColor)
		s := newTerminal(t, 132)
		line := []string{"smtpprobe", "check", "--probe", "rcpt", "--to", "a@example.org", urlOf(healthy), urlOf(refusing)}
		require.Equal(t, statusFailed, run(line, console.Streams{In: s.program, Out: s.program, Err: s.program}))
		return s.screen()
	}
	colored := screen("xterm", "")
	require.Contains(t, colored, "\x1b[31mFAILED\x1b[0m")
	require.Contains(t, colored, "\x1b[32mOK\x1b[0m")
	require.Contains(t, colored, "\x1b[32m█")
	require.NotContains(t, screen("dumb", ""), "\x1b", "no colors and no progress")
	progress, report, _ := strings.Cut(screen("xterm", "1"), "\r\x1b[KOK  "+urlOf(healthy)+": ")
	require.Contains(t, progress, "2 of 2 relays done, last smtp://127.0.0.1:")
	require.NotContains(t, report, "\x1b")
	widest := 0
	for line := range strings.Lines(report) {
		if strings.ContainsAny(line, "█▏") {
			widest = max(widest, len([]rune(line)))
		}
	}
	require.LessOrEqual(t, widest, 132+len("\n"))
	require.Greater(t, widest, 120)
}
