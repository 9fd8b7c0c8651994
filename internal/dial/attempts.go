package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Dialer connects to an address. A *net.Dialer is one.
type Dialer interface {
	// DialContext connects before the context ends.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Attempts connect to the addresses of a host, one after the other: never two at
// a time, so that the time is that of what was tried.
type Attempts struct {
	Dialer  Dialer
	Timeout time.Duration // of each attempt; 0 leaves that to the deadline
	// Deadline ends all attempts, as that of the context does. Zero is none.
	Deadline time.Time
	// Allow, if set, refuses addresses that must not be connected to.
	Allow func(netip.Addr) error
}

const (
	// minShare is what an attempt gets even if many addresses follow, as long as
	// there is that much time.
	minShare = time.Second
	// stall is how late an attempt may end after its time without this process
	// having been stopped.
	stall = 500 * time.Millisecond
)

// Dial returns the first connection that comes about. Each attempt has its share
// of the time that is left, so that dead addresses before a living one cost
// time, not the connection. If all fail, the first one's error is returned and
// the others are its Secondary. An error of this machine or of the whole probe
// ends the attempts.
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
		failure = first(failure, e)
		if a.over(ctx) || e.Class == smtperr.ClassCanceled || e.Reason == smtperr.ReasonTooManyOpenFiles {
			break
		}
	}
	if failure == nil {
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseConnect, errors.New("no address"))
	}
	return nil, failure
}

// first keeps the first error, the others as its secondary ones. That the source
// address is of the other family is no error as long as an address was tried.
func first(failure, e *smtperr.Error) *smtperr.Error {
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
	step, cancel := context.WithDeadline(ctx, a.deadline(ctx, left))
	defer cancel()
	conn, err := a.Dialer.DialContext(step, "tcp", netip.AddrPortFrom(ip, port).String())
	return conn, stalled(step, err)
}

// over reports whether there is no time left for another attempt.
func (a Attempts) over(ctx context.Context) bool {
	return over(ctx) || !a.Deadline.IsZero() && !time.Now().Before(a.Deadline)
}

// end is when all attempts end, if they do.
func (a Attempts) end(ctx context.Context) (end time.Time, limited bool) {
	end, limited = ctx.Deadline()
	if !a.Deadline.IsZero() && (!limited || a.Deadline.Before(end)) {
		return a.Deadline, true
	}
	return end, limited
}

// deadline is the time of one attempt, with this many addresses left.
func (a Attempts) deadline(ctx context.Context, left int) time.Time {
	now := time.Now()
	const unlimited = 24 * time.Hour
	until := now.Add(unlimited)
	if end, limited := a.end(ctx); limited {
		until = now.Add(max(end.Sub(now)/time.Duration(left), min(minShare, end.Sub(now))))
	}
	if a.Timeout > 0 && now.Add(a.Timeout).Before(until) {
		return now.Add(a.Timeout)
	}
	return until
}

// stalled replaces the error of a step that ended long after its time: this
// process did not run when the time was up, so that the timeout says nothing
// about the other side.
func stalled(step context.Context, err error) error {
	deadline, limited := step.Deadline()
	if err == nil || !limited || time.Since(deadline) < stall {
		return err
	}
	return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseConnect, err)
}
