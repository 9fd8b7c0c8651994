package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// System resolves as every program of this machine does: the hosts file, then
// the name servers, with the search list unless a name ends in a dot. Beyond
// *net.Resolver it can be interrupted, does not share its queries with other
// lookups, whose times would mean nothing then, and reports when this machine
// cannot ask at all. The zero value works.
type System struct {
	// Dial connects to the name servers; nil: a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// LookupNetIP implements Resolver.
func (s System) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	l := lookup{dial: s.Dial}
	ips, err := l.resolver(ctx).LookupNetIP(ctx, network, host)
	if _, other := errors.AsType[*net.AddrError](err); other { // the hosts file has only the other family
		err = &net.DNSError{Err: "no address of this family", Name: host, IsNotFound: true}
	}
	return ips, l.failure(err)
}

// LookupMX implements Resolver. Next to malformed records there may be good
// ones, which count.
func (s System) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	l := lookup{dial: s.Dial}
	records, err := l.resolver(ctx).LookupMX(ctx, name)
	if len(records) > 0 {
		return records, nil
	}
	return nil, l.failure(err)
}

// preferGo: Go's own resolver distinguishes a failing server from a missing
// name, and can be interrupted. Windows and macOS have sources that it does not
// know, such as the domains of a VPN.
const preferGo = runtime.GOOS != "windows" && runtime.GOOS != "darwin"

// lookup is one lookup by Go's resolver.
type lookup struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	local error // what this machine lacks for asking at all
}

func (l *lookup) resolver(ctx context.Context) *net.Resolver {
	dial := l.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &net.Resolver{PreferGo: preferGo, Dial: func(attempt context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(attempt, network, address)
		if err != nil {
			l.note(err)
			return nil, err
		}
		// The resolver waits for an answer even if nobody waits for it any more.
		context.AfterFunc(ctx, func() { conn.Close() })
		return boundedAnswers(conn), nil
	}}
}

// note keeps why this machine could not ask: net.DNSError has only its text.
func (l *lookup) note(err error) {
	err = smtperr.Classify(smtperr.PhaseDNS, err)
	if e, ok := errors.AsType[*smtperr.Error](err); ok && e.Class == smtperr.ClassLocalError {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.local = err
	}
}

func (l *lookup) failure(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := errors.AsType[*net.DNSError](err); ok && !e.IsNotFound && l.local != nil {
		return l.local
	}
	return err
}
