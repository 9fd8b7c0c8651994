//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// waitLimit is how long a test waits for a condition.
	waitLimit = time.Minute
	// stopLimit is how long a program may take to exit before it is killed.
	stopLimit = 20 * time.Second
	pollPause = 5 * time.Millisecond
)

// Program is a program that runs until its test stops it.
type Program struct {
	Place
	name   string
	cmd    *exec.Cmd
	output string // file
	exited chan struct{}
	err    error // of Wait, once exited is closed
}

// StartProgram runs a program in the foreground until Stop or the end of the
// test, and at most until the test process ends. Its directory is the place's.
func StartProgram(t *testing.T, place Place, name string, command ...string) *Program {
	t.Helper()
	out, err := os.Create(place.File(name + ".out"))
	require.NoError(t, err)
	defer out.Close()

	p := &Program{
		Place: place, name: name, cmd: exec.Command(command[0], command[1:]...), output: out.Name(), exited: make(chan struct{}),
	}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = place.Dir, out, out
	// With Setsid the children share its process group.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setsid: true}

	started := make(chan error)
	go func() {
		// Linux sends Pdeathsig when the thread that started the process exits.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.exited)
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() { p.Stop(t) })
	return p
}

// Stop sends the program SIGTERM and waits until it and its children have
// exited. The test fails if they have to be killed.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stopping %s: %v", p.name, err)
	}
	select {
	case <-p.exited:
	case <-time.After(stopLimit):
		if err := p.cmd.Process.Kill(); err != nil {
			t.Errorf("killing %s: %v", p.name, err)
		}
		<-p.exited
		t.Errorf("%s did not exit within %v and was killed", p.name, stopLimit)
	}
	p.stopChildren(t)
}

// stopChildren waits until the children have exited, and kills them after
// stopLimit.
func (p *Program) stopChildren(t *testing.T) {
	t.Helper()
	group := -p.cmd.Process.Pid
	for deadline := time.Now().Add(stopLimit); syscall.Kill(group, 0) == nil; time.Sleep(pollPause) {
		if time.Now().After(deadline) {
			require.NoError(t, syscall.Kill(group, syscall.SIGKILL))
			t.Errorf("children of %s did not exit within %v and were killed", p.name, stopLimit)
			return
		}
	}
}

// Await waits for a condition while the program runs.
func (p *Program) Await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(waitLimit)
	for !condition() {
		select {
		case <-p.exited:
			require.FailNow(t, fmt.Sprintf("%s exited (%v) before %s", p.name, p.err, what), p.Output())
		case <-time.After(pollPause):
		}
		if time.Now().After(deadline) {
			require.FailNow(t, fmt.Sprintf("%s: waited %v for %s", p.name, waitLimit, what), p.Output())
		}
	}
}

// AwaitPorts waits until the program accepts connections on ports of the
// place's address.
func (p *Program) AwaitPorts(t *testing.T, ports ...int) {
	t.Helper()
	for _, port := range ports {
		p.Await(t, fmt.Sprintf("port %d is open", port), func() bool {
			conn, err := net.DialTimeout("tcp", p.At(port), time.Second)
			if err != nil {
				return false
			}
			require.NoError(t, conn.Close())
			return true
		})
	}
}

// Output returns the end of the program's stdout and stderr.
func (p *Program) Output() string {
	const limit = 4096
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-limit):])
}
