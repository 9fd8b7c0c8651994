package smtpprobe_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// childTarget is the environment variable with the target of a child process.
const childTarget = "SMTPPROBE_TEST_TARGET"

// child returns a command that runs one test of this binary in a child process.
func child(t *testing.T, test, target string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), childTarget+"="+target)
	out := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// TestStall_Child is the child process that TestStall stops.
func TestStall_Child(t *testing.T) {
	target := os.Getenv(childTarget)
	if target == "" {
		t.Skip("runs in a child process")
	}
	at := netip.MustParseAddrPort(target)
	p := smtpprobe.Prober{Helo: "probe.test", Timeout: time.Second}
	ctx := smtpprobe.WithTrace(context.Background(), &smtpprobe.Trace{PhaseStart: func(phase smtperr.Phase) { fmt.Println("phase:", phase) }})
	r := p.Probe(ctx, smtpprobe.Target{Host: at.Addr().String(), Port: at.Port()}, smtpprobe.Plan{})
	e := failure(r)
	require.NotNil(t, e)
	fmt.Printf("outcome: %s/%s@%s greeting %t\n", e.Class, e.Reason, e.Phase, timeOf(r, "greeting") != nil)
}

// If a process is stopped while a deadline passes, that is not a timeout of the
// relay. Data that arrived before the deadline is read.
func TestStall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		greet bool // the relay sends the greeting while the process is stopped
		want  string
	}{
		{name: "no greeting", want: "outcome: local_error/prober_stalled@greeting greeting false"},
		{name: "greeting meanwhile", greet: true, want: "outcome: local_error/prober_stalled@ehlo greeting true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stopped := make(chan struct{})
			srv := smtptest.Start(t, smtptest.Script{Greeting: func(c *smtptest.Conn) error {
				<-stopped
				if !tt.greet {
					return smtptest.Silence()(c)
				}
				return smtptest.Say("220 relay.test")(c)
			}})
			cmd, _ := child(t, "TestStall_Child", srv.Addr().String())
			cmd.Stdout = nil
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			out := bufio.NewScanner(stdout)
			for out.Scan() && out.Text() != "phase: greeting" { //nolint:revive // it waits
			}
			require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
			close(stopped)
			time.Sleep(2500 * time.Millisecond) // longer than its timeout of 1 s
			require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
			for out.Scan() && !strings.HasPrefix(out.Text(), "outcome: ") { //nolint:revive // it waits
			}
			require.Equal(t, tt.want, out.Text())
			_, err = io.Copy(io.Discard, stdout)
			require.NoError(t, err)
			require.NoError(t, cmd.Wait())
		})
	}
}

// TestNoAck_Child runs in its own network namespace, whose only interface goes down
// after the greeting.
func TestNoAck_Child(t *testing.T) {
	if os.Getenv(childTarget) == "" {
		t.Skip("runs in a child process")
	}
	setLoopback(t, true)
	srv := smtptest.Start(t, smtptest.Script{EHLO: smtptest.Silence()})
	p := prober(srv, plain)
	p.Timeout = 700 * time.Millisecond
	ctx := smtpprobe.WithTrace(t.Context(), &smtpprobe.Trace{Command: func(_ smtperr.Phase, line string) {
		if strings.HasPrefix(line, "EHLO") {
			setLoopback(t, false)
		}
	}})
	e := failure(p.probe(ctx))
	require.NotNil(t, e)
	fmt.Printf("outcome: %s/%s@%s %s\n", e.Class, e.Reason, e.Phase, e.Fault())
	setLoopback(t, true) // so that the relay can close the connection
}

func setLoopback(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	require.NoError(t, err)
	if up {
		request.SetUint16(unix.IFF_UP)
	}
	require.NoError(t, unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request))
}

// If EHLO is not acknowledged, the network is at fault.
func TestNoAck(t *testing.T) {
	t.Parallel()
	cmd, out := child(t, "TestNoAck_Child", "own")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
	err := cmd.Wait()
	if strings.Contains(out.String(), "operation not permitted") {
		t.Skipf("no network namespaces here: %s", out)
	}
	require.NoError(t, err, out)
	require.Contains(t, out.String(), "outcome: read_timeout/no_ack@ehlo network")
}
