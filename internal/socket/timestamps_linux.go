package socket

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timestamps reads from a TCP connection together with the kernel's timestamps
// of the received data (SO_TIMESTAMPNS, socket(7)).
type timestamps struct {
	arrived time.Time

	receiver  func(fd uintptr) (done bool) // receive, allocated once
	requested bool                         // the socket option is set
	buf       []byte
	n, oobn   int
	oob       [oobSize]byte
	err       error
}

// The control message of a timestamp has seconds and nanoseconds, of 64 bits
// each.
const (
	timestampSize = 2 * 8
	oobSize       = 32 + timestampSize
)

func (t *timestamps) enable() { t.receiver = t.receive }

func (t *timestamps) enabled() bool { return t.receiver != nil }

func (t *timestamps) receive(fd uintptr) (done bool) {
	if !t.requested {
		// Kernels before 5.1 return an error: there are no timestamps then.
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1) //nolint:errcheck // see above
		t.requested = true
	}
	for {
		t.n, t.oobn, _, _, t.err = syscall.Recvmsg(int(fd), t.buf, t.oob[:], 0)
		if !errors.Is(t.err, syscall.EINTR) {
			return !errors.Is(t.err, syscall.EAGAIN)
		}
	}
}

func (t *timestamps) read(c *Conn, b []byte) (int, error) {
	t.buf = b
	err := c.raw.Read(t.receiver)
	t.buf = nil
	switch {
	case err != nil:
		return 0, asReadError(err)
	case t.err != nil:
		return 0, &net.OpError{
			Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(),
			Err: os.NewSyscallError("read", t.err),
		}
	case t.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	t.arrived = t.timestamp()
	return t.n, nil
}

// asReadError turns the error of RawConn.Read into that of Conn.Read.
func asReadError(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		op.Op = "read"
	}
	return err
}

// timestamp returns the timestamp of the data received last. It is zero if there
// is none: the kernel takes a moment to enable timestamps when the first socket
// of the machine requests them.
func (t *timestamps) timestamp() time.Time {
	if t.oobn < unix.CmsgLen(timestampSize) {
		return time.Time{}
	}
	head, data, _, err := unix.ParseOneSocketControlMessage(t.oob[:t.oobn])
	if err != nil || head.Level != unix.SOL_SOCKET || head.Type != unix.SO_TIMESTAMPNS_NEW || len(data) < timestampSize {
		return time.Time{}
	}
	wall := time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
	// The timestamp is wall time. Durations are measured with the monotonic clock.
	now := time.Now()
	return now.Add(-max(0, now.Round(0).Sub(wall)))
}

// unacknowledged reports whether TCP_INFO (tcp(7)) counts segments in flight.
func unacknowledged(raw syscall.RawConn) bool {
	inFlight := false
	_ = raw.Control(func(fd uintptr) { //nolint:errcheck // a closed connection has none
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		inFlight = err == nil && info.Unacked > 0
	})
	return inFlight
}
