//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// patience is how long a test waits for what should come soon.
	patience = 20 * time.Second
	// stopLimit is how long a server may take to end before it is killed.
	stopLimit = 10 * time.Second
	pollPause = 5 * time.Millisecond
)

// process is a program that runs until its test stops it.
type process struct {
	name   string
	cmd    *exec.Cmd
	output string // file
	ended  chan struct{}
	err    error // of Wait, once ended
}

// start runs a program in the foreground. It ends with the test, and also if
// the test is killed.
func start(t *testing.T, place Place, name string, args ...string) *process {
	t.Helper()
	out, err := os.Create(place.path(name + ".out"))
	require.NoError(t, err)
	defer out.Close()

	p := &process{name: name, cmd: exec.Command(args[0], args[1:]...), output: out.Name(), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = place.Dir, out, out
	// A session of its own: its children are known by it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setsid: true}

	started := make(chan error)
	go func() {
		// Linux sends the signal when the thread ends that started the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop asks the program to end, waits, and kills it if it does not.
func (p *process) stop(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
		return
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("asking %s to end: %v", p.name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(stopLimit):
		if err := p.cmd.Process.Kill(); err != nil {
			t.Errorf("killing %s: %v", p.name, err)
		}
		<-p.ended
		t.Errorf("%s did not end within %v and was killed", p.name, stopLimit)
	}
	p.stopChildren(t)
}

// stopChildren waits for what the program left at work, and kills it if need be.
func (p *process) stopChildren(t *testing.T) {
	t.Helper()
	group := -p.cmd.Process.Pid
	for deadline := time.Now().Add(stopLimit); syscall.Kill(group, 0) == nil; time.Sleep(pollPause) {
		if time.Now().After(deadline) {
			require.NoError(t, syscall.Kill(group, syscall.SIGKILL))
			t.Errorf("children of %s did not end within %v and were killed", p.name, stopLimit)
			return
		}
	}
}

// await waits for a condition as long as the program runs.
func (p *process) await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !condition() {
		select {
		case <-p.ended:
			require.FailNow(t, fmt.Sprintf("%s ended (%v) before %s", p.name, p.err, what), p.said())
		case <-time.After(pollPause):
		}
		if time.Now().After(deadline) {
			require.FailNow(t, fmt.Sprintf("%s: waited %v for %s", p.name, patience, what), p.said())
		}
	}
}

// said is the end of what the program wrote to its stdout and stderr.
func (p *process) said() string {
	const most = 4096
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
