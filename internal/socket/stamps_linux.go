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

// stamps read a TCP connection together with the kernel's stamps on what it
// yields (SO_TIMESTAMPNS, socket(7)).
type stamps struct {
	arrived time.Time

	take    func(fd uintptr) (done bool) // receive: each would be an allocation
	asked   bool
	into    []byte
	n, oobn int
	oob     [stampSpace]byte
	failed  error
}

// A stamp is a control message with seconds and nanoseconds, of 64 bits each.
const (
	stampSize  = 2 * 8
	stampSpace = 32 + stampSize
)

func (s *stamps) begin() { s.take = s.receive }

func (s *stamps) begun() bool { return s.take != nil }

func (s *stamps) receive(fd uintptr) (done bool) {
	if !s.asked {
		// A kernel older than 5.1 refuses: then nothing is stamped.
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1) //nolint:errcheck // see above
		s.asked = true
	}
	for {
		s.n, s.oobn, _, _, s.failed = syscall.Recvmsg(int(fd), s.into, s.oob[:], 0)
		if !errors.Is(s.failed, syscall.EINTR) {
			return !errors.Is(s.failed, syscall.EAGAIN)
		}
	}
}

func (s *stamps) read(c *Conn, b []byte) (int, error) {
	s.into = b
	err := c.raw.Read(s.take)
	s.into = nil
	switch {
	case err != nil:
		return 0, asRead(err)
	case s.failed != nil:
		return 0, &net.OpError{
			Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(),
			Err: os.NewSyscallError("read", s.failed),
		}
	case s.n == 0 && len(b) > 0:
		return 0, io.EOF
	}
	s.arrived = s.stamp()
	return s.n, nil
}

// asRead is the error of a raw read as that of a read.
func asRead(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		op.Op = "read"
	}
	return err
}

// stamp is zero where what came bears none: the kernel begins to stamp a
// moment after the first socket of the machine has asked for it.
func (s *stamps) stamp() time.Time {
	if s.oobn < unix.CmsgLen(stampSize) {
		return time.Time{}
	}
	head, data, _, err := unix.ParseOneSocketControlMessage(s.oob[:s.oobn])
	if err != nil || head.Level != unix.SOL_SOCKET || head.Type != unix.SO_TIMESTAMPNS_NEW || len(data) < stampSize {
		return time.Time{}
	}
	at := time.Unix(int64(binary.NativeEndian.Uint64(data)), int64(binary.NativeEndian.Uint64(data[8:])))
	// The stamp is of the clock on the wall, times are measured by the other one.
	now := time.Now()
	return now.Add(-max(0, now.Round(0).Sub(at)))
}

// unacknowledged asks TCP_INFO (tcp(7)) for segments in flight.
func unacknowledged(raw syscall.RawConn) bool {
	inFlight := false
	_ = raw.Control(func(fd uintptr) { //nolint:errcheck // a closed connection has none
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		inFlight = err == nil && info.Unacked > 0
	})
	return inFlight
}
