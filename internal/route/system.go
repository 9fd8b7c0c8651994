package route

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// system asks as every program of this machine does: the hosts file, then the
// name servers, with the search list unless a name ends in a dot.
type system struct{ dial dialer }

// dialer connects to the name servers.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func (s system) addresses(ctx context.Context, name string, f family) ([]netip.Addr, error) {
	attempt := lookup{dial: s.dial}
	ips, err := attempt.resolver(ctx).LookupNetIP(ctx, f.network, name)
	var unsuitable *net.AddrError
	if errors.As(err, &unsuitable) { // only addresses of the other family, from the hosts file
		err = &net.DNSError{Err: "no address of this family", Name: name, IsNotFound: true}
	}
	return ips, attempt.failure(err)
}

func (s system) exchangers(ctx context.Context, name string) ([]MXHost, error) {
	attempt := lookup{dial: s.dial}
	records, err := attempt.resolver(ctx).LookupMX(ctx, name)
	// Next to malformed records there may be good ones.
	if len(records) == 0 && err != nil {
		return nil, attempt.failure(err)
	}
	hosts := make([]MXHost, len(records))
	for i, r := range records {
		hosts[i] = MXHost{Host: r.Host, Preference: r.Pref}
	}
	return hosts, nil
}

// preferGo: Go's own resolver tells a failing server from a missing name, and
// can be interrupted. Where the system's has other sources, such as the
// domains of a VPN, that one it is.
const preferGo = runtime.GOOS != "windows" && runtime.GOOS != "darwin"

// lookup is one lookup by Go's resolver.
type lookup struct {
	dial dialer

	mu    sync.Mutex
	local *smtperr.Error // what this machine lacks for asking at all
}

// resolver is one for a single lookup: lookups that share a resolver share
// their queries, and then their times mean nothing.
func (l *lookup) resolver(ctx context.Context) *net.Resolver {
	return &net.Resolver{PreferGo: preferGo, Dial: func(attempt context.Context, network, address string) (net.Conn, error) {
		conn, err := l.dial(attempt, network, address)
		if err != nil {
			l.note(err)
			return nil, err
		}
		// The resolver waits for an answer even if nobody waits for it any more.
		context.AfterFunc(ctx, func() { conn.Close() })
		return conn, nil
	}}
}

// note keeps why this machine could not ask: net.DNSError has only its text.
func (l *lookup) note(err error) {
	if e := classify(smtperr.PhaseDNS, err); e.Class == smtperr.ClassLocalError {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.local = e
	}
}

func (l *lookup) failure(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed *net.DNSError
	if l.local != nil && errors.As(err, &failed) && !failed.IsNotFound {
		return l.local
	}
	return err
}
