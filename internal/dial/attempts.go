package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Dialer connects to an address. *net.Dialer implements it.
type Dialer interface {
	// DialContext connects before the context ends.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Attempts connects to the addresses of a host, one at a time, so that the time of
// each attempt can be attributed to its address.
type Attempts struct {
	Dialer  Dialer
	Timeout time.Duration // of each attempt; 0 means no limit of its own
	// Deadline ends all attempts, in addition to the deadline of the context. The
	// zero value means no deadline.
	Deadline time.Time
	// Allow, if not nil, returns an error for addresses that must not be connected
	// to.
	Allow func(netip.Addr) error
}

const (
	// minShare is the minimum time for an attempt, if that much is left.
	minShare = time.Second
	// An operation that ends this long after its deadline shows that this process
	// was not running.
	stall = 500 * time.Millisecond
)

// Dial returns the first connection that succeeds. Each attempt gets an equal share
// of the time that is left, so that unresponsive addresses do not use up the time
// for those after them. If all attempts fail, Dial returns the error of the first,
// with the others as its Secondary errors. Cancellation and a lack of file
// descriptors end the attempts.
func (a Attempts) Dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var failure *smtperr.Error
	for i, ip := range addrs {
		conn, err := a.attempt(ctx, ip.Unmap(), port, len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		e, ok := errors.AsType[*smtperr.Error](smtperr.Classify(smtperr.PhaseConnect, err))
		if !ok {
			continue
		}
		failure = addFailure(failure, e)
		if a.expired(ctx) || e.Class == smtperr.ClassCanceled || e.Reason == smtperr.ReasonTooManyOpenFiles {
			break
		}
	}
	if failure == nil {
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseConnect, errors.New("no address"))
	}
	return nil, failure
}

// addFailure adds an error to the first one. An address that is not of the family
// of the source address is ignored if another address was tried.
func addFailure(failure, e *smtperr.Error) *smtperr.Error {
	switch {
	case failure == nil, errors.Is(failure.Cause, errFamily) && !errors.Is(e.Cause, errFamily):
		return e
	case !errors.Is(e.Cause, errFamily):
		failure.Secondary = append(failure.Secondary, e)
	}
	return failure
}

func (a Attempts) attempt(ctx context.Context, ip netip.Addr, port uint16, left int) (net.Conn, error) {
	if a.Allow != nil {
		if err := a.Allow(ip); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithDeadline(ctx, a.attemptDeadline(ctx, left))
	defer cancel()
	conn, err := a.Dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(ip, port).String())
	return conn, checkStall(ctx, err)
}

// expired reports whether no time is left for another attempt.
func (a Attempts) expired(ctx context.Context) bool {
	return expired(ctx) || !a.Deadline.IsZero() && !time.Now().Before(a.Deadline)
}

// deadline returns the deadline of all attempts, if there is one.
func (a Attempts) deadline(ctx context.Context) (deadline time.Time, ok bool) {
	deadline, ok = ctx.Deadline()
	if !a.Deadline.IsZero() && (!ok || a.Deadline.Before(deadline)) {
		return a.Deadline, true
	}
	return deadline, ok
}

// attemptDeadline returns the deadline of one attempt, for the number of addresses
// that are left.
func (a Attempts) attemptDeadline(ctx context.Context, left int) time.Time {
	now := time.Now()
	const unlimited = 24 * time.Hour
	until := now.Add(unlimited)
	if deadline, ok := a.deadline(ctx); ok {
		rest := deadline.Sub(now)
		until = now.Add(max(rest/time.Duration(left), min(minShare, rest)))
	}
	if a.Timeout > 0 && now.Add(a.Timeout).Before(until) {
		return now.Add(a.Timeout)
	}
	return until
}

// checkStall returns the error of an operation, or local_error/prober_stalled if
// the operation ended long after its deadline. This process was not running then,
// so a timeout would not be the fault of the peer.
func checkStall(ctx context.Context, err error) error {
	deadline, ok := ctx.Deadline()
	if err == nil || !ok || time.Since(deadline) < stall {
		return err
	}
	return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseConnect, err)
}
