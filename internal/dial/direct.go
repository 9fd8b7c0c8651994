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

// Direct is a Dialer without a proxy. The zero value works. It disables TCP
// keepalives, since sessions are short and have deadlines.
type Direct struct {
	Source netip.Addr // local address of TCP connections, if valid
}

// errFamily is the cause of an error for an address of another family than the
// source address.
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

// retryUnix is the time between two attempts at a Unix socket with a full queue.
const retryUnix = 10 * time.Millisecond

// Unix connects to a Unix socket. If its queue is full, Unix tries again until the
// timeout, as the kernel does for TCP. A timeout of 0 means that only the context
// limits the time.
func Unix(ctx context.Context, dialer Dialer, path string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := withTimeout(ctx, timeout)
	defer cancel()
	for {
		conn, err := dialer.DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, syscall.EINVAL):
			return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err)
		case !errors.Is(err, syscall.EAGAIN):
			return nil, smtperr.Classify(smtperr.PhaseConnect, err)
		}
		select {
		case <-ctx.Done():
			return nil, smtperr.Classify(smtperr.PhaseConnect, ctx.Err())
		case <-time.After(retryUnix):
		}
	}
}
