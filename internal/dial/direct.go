package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Direct is a Dialer that may bind a source address. The zero value works. There
// are no keepalives: a session is short, and has deadlines of its own.
type Direct struct {
	Source netip.Addr // local address of TCP connections, if valid
}

// errFamily marks an address that the source address rules out.
var errFamily = errors.New("one is IPv4, the other IPv6")

// DialContext implements Dialer.
func (d Direct) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	if d.Source.IsValid() && network == "tcp" {
		source := d.Source.Unmap()
		to, err := netip.ParseAddrPort(address)
		if err == nil && to.Addr().Unmap().Is4() != source.Is4() {
			return nil, smtperr.New(smtperr.ClassLocalError, smtperr.ReasonNoSourceAddress, smtperr.PhaseConnect,
				fmt.Errorf("the source address %s cannot reach %s: %w", source, to.Addr(), errFamily))
		}
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	return dialer.DialContext(ctx, network, address)
}

// queueWait is how often a full queue is tried again.
const queueWait = 10 * time.Millisecond

// Unix connects to a unix socket. A socket whose queue is full refuses at once,
// where TCP waits; so this waits, too, as long as the timeout says; 0 leaves
// that to the context.
func Unix(ctx context.Context, dialer Dialer, path string, timeout time.Duration) (net.Conn, error) {
	step, cancel := within(ctx, timeout)
	defer cancel()
	for {
		conn, err := dialer.DialContext(step, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, syscall.EINVAL):
			return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err)
		case !errors.Is(err, syscall.EAGAIN):
			return nil, smtperr.Classify(smtperr.PhaseConnect, err)
		}
		select {
		case <-step.Done():
			return nil, smtperr.Classify(smtperr.PhaseConnect, step.Err())
		case <-time.After(queueWait):
		}
	}
}
