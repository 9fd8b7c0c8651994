//go:build e2e && linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The addresses of the two hosts of each link.
const (
	proberAddress = "10.77.0.1"
	relayAddress  = "10.77.0.2"
)

// link connects two hosts, each in its own network namespace. The test itself
// forwards the packets, so that it can delay and drop them: many kernels lack the
// traffic shaping of tc.
type link struct {
	prober, relay namespace

	delay time.Duration // one way
	loss  float64       // probability that a packet is dropped
	mtu   int           // larger packets are dropped; 0: no limit
	// downAt, if not nil, takes the link down, starting with the first packet of
	// the prober that contains it: forever, or for downFor if that is positive.
	downAt  []byte
	downFor time.Duration

	down   atomic.Bool
	failed atomic.Bool // a packet contained downAt
}

// namespace is one host.
type namespace struct {
	name string
	tun  *os.File
}

// connect brings the link up until the test ends.
func (l *link) connect(t *testing.T) *link {
	t.Helper()
	id := rand.Uint32() //nolint:gosec // not secret
	l.prober = newNamespace(t, fmt.Sprintf("smtpprobe-%08x-p", id), proberAddress)
	l.relay = newNamespace(t, fmt.Sprintf("smtpprobe-%08x-r", id), relayAddress)
	var running sync.WaitGroup
	running.Go(func() { l.forward(l.prober.tun, l.relay.tun, l.takesDown) })
	running.Go(func() { l.forward(l.relay.tun, l.prober.tun, func([]byte) bool { return false }) })
	t.Cleanup(func() {
		l.prober.tun.Close()
		l.relay.tun.Close()
		running.Wait()
	})
	return l
}

// takesDown reports whether a packet takes the link down, and takes it down.
func (l *link) takesDown(packet []byte) bool {
	if l.downAt == nil || !bytes.Contains(packet, l.downAt) || l.failed.Swap(true) {
		return false
	}
	l.down.Store(true)
	if l.downFor > 0 {
		time.AfterFunc(l.downFor, func() { l.down.Store(false) })
	}
	return true
}

// forward forwards packets in one direction, in order.
func (l *link) forward(from, to *os.File, down func(packet []byte) bool) {
	type delayedPacket struct {
		packet []byte
		at     time.Time
	}
	packets := make(chan delayedPacket, 4096)
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for p := range packets {
			time.Sleep(time.Until(p.at))
			if !l.down.Load() {
				_, _ = to.Write(p.packet) //nolint:errcheck // like a lost packet
			}
		}
	})
	defer delivering.Wait()
	defer close(packets)
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		packet := bytes.Clone(buf[:n])
		lost := l.loss > 0 && rand.Float64() < l.loss //nolint:gosec // not secret
		if down(packet) || l.down.Load() || lost || l.mtu > 0 && n > l.mtu {
			continue
		}
		packets <- delayedPacket{packet, time.Now().Add(l.delay)}
	}
}

// newNamespace creates a host with one interface, whose packets the test forwards.
func newNamespace(t *testing.T, name, address string) namespace {
	t.Helper()
	ip(t, "netns", "add", name)
	t.Cleanup(func() { ip(t, "netns", "del", name) })
	n := namespace{name: name}
	require.NoError(t, n.within(func() (err error) {
		n.tun, err = openTUN("tun0")
		return err
	}))
	ip(t, "-n", name, "addr", "add", address+"/24", "dev", "tun0")
	ip(t, "-n", name, "link", "set", "tun0", "mtu", "1500", "up")
	return n
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(t, err, "ip %s: %s", strings.Join(args, " "), out)
}

// openTUN creates a network interface for IP packets in the current namespace.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("creating a TUN interface: %w", err)
	}
	return os.NewFile(uintptr(fd), "tun"), nil
}

// within calls do on a thread in the namespace. Sockets stay in the namespace in
// which they are created.
func (n *namespace) within(do func() error) error {
	result := make(chan error)
	go func() {
		// Not unlocked, so that the thread exits with the goroutine.
		runtime.LockOSThread()
		f, err := os.Open("/run/netns/" + n.name)
		if err == nil {
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
			f.Close()
		}
		if err == nil {
			err = do()
		}
		result <- err
	}()
	return <-result
}

// DialContext connects from the namespace. It implements the Dialer of a Prober.
func (n *namespace) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = n.within(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// listen listens in the namespace.
func (n *namespace) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var l net.Listener
	require.NoError(t, n.within(func() (err error) {
		l, err = net.Listen("tcp", address)
		return err
	}))
	return l
}
