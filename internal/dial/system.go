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

// System is the resolver of this machine: the hosts file and then the name servers,
// with the search list unless a name ends in a dot. The zero value works.
//
// It differs from *net.Resolver in three ways. A lookup ends with its context. It
// does not share the queries of a concurrent lookup, so that its time is its own.
// And it reports an error of this machine, such as a lack of file descriptors, as
// such.
type System struct {
	// Dial connects to the name servers; nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// LookupNetIP implements Resolver.
func (s System) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	l := lookup{dial: s.Dial}
	ips, err := l.resolver(ctx).LookupNetIP(ctx, network, host)
	if _, ok := errors.AsType[*net.AddrError](err); ok { // the hosts file has only the other family
		err = &net.DNSError{Err: "no address of this family", Name: host, IsNotFound: true}
	}
	return ips, l.failure(err)
}

// LookupMX implements Resolver. It ignores malformed records if there are valid
// ones.
func (s System) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	l := lookup{dial: s.Dial}
	records, err := l.resolver(ctx).LookupMX(ctx, name)
	if len(records) > 0 {
		return records, nil
	}
	return nil, l.failure(err)
}

// preferGo selects Go's own resolver, which tells a failing name server from a
// missing name and can be interrupted. It is off on Windows and macOS, which have
// sources of names that it does not know, such as a VPN.
const preferGo = runtime.GOOS != "windows" && runtime.GOOS != "darwin"

// lookup is the state of one lookup.
type lookup struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	local error // why this machine could not connect to a name server
}

func (l *lookup) resolver(ctx context.Context) *net.Resolver {
	dial := l.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &net.Resolver{PreferGo: preferGo, Dial: func(attempt context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(attempt, network, address)
		if err != nil {
			l.record(err)
			return nil, err
		}
		// The resolver would wait for a reply even after ctx has ended.
		context.AfterFunc(ctx, func() { conn.Close() })
		return limitDatagrams(conn), nil
	}}
}

// record records an error of this machine. net.DNSError has only its text.
func (l *lookup) record(err error) {
	err = smtperr.Classify(smtperr.PhaseDNS, err)
	if e, ok := errors.AsType[*smtperr.Error](err); ok && e.Class == smtperr.ClassLocalError {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.local = err
	}
}

// failure returns the error of the lookup, or of this machine if that is the cause.
func (l *lookup) failure(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := errors.AsType[*net.DNSError](err); ok && !e.IsNotFound && l.local != nil {
		return l.local
	}
	return err
}
