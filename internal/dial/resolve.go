package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Resolver resolves names. *net.Resolver implements it.
type Resolver interface {
	// LookupNetIP returns the addresses of a host. The network is "ip4", "ip6" or,
	// for both, "ip".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupMX returns the MX records of a domain.
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Lookup looks up the addresses of hosts and the mail exchangers of domains. The
// zero value works.
type Lookup struct {
	Resolver Resolver      // nil means System
	Network  string        // "ip4" or "ip6"; "" or "ip" means both
	Timeout  time.Duration // of one lookup; 0 means that only the context limits the time
}

// Addrs returns the addresses of a host without duplicates, in the resolver's order
// within each family. For an IP address, which may have a zone, it returns that
// address.
//
// The families are looked up separately, so that a failure of one does not hide the
// addresses of the other. If a name server never replies for AAAA, the lookup takes
// all of its time but still returns the A records. If there is no address, Addrs
// returns the most serious error: a timeout, a failure of the name server, or else
// that the name was not found.
func (l Lookup) Addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return l.literal(ip.Unmap())
	}
	name, err := hostname.ASCII(host)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS, err)
	}
	lookup, cancel := withTimeout(ctx, l.Timeout)
	defer cancel()
	networks := []string{"ip4", "ip6"}
	if l.Network == "ip4" || l.Network == "ip6" {
		networks = []string{l.Network}
	}
	found, errs := make([][]netip.Addr, len(networks)), make([]error, len(networks))
	var running sync.WaitGroup
	for i, network := range networks {
		running.Go(func() {
			ips, err := l.resolver().LookupNetIP(lookup, network, name)
			found[i], errs[i] = ips, classify(lookup, name, err)
		})
	}
	running.Wait()
	if deadline, ok := lookup.Deadline(); ok && time.Since(deadline) > stall {
		return nil, smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseDNS, lookup.Err())
	}
	addrs := merge(found)
	switch {
	case len(addrs) == 0:
		return nil, mostSerious(errs)
	case expired(ctx): // no time is left to connect
		return nil, classify(ctx, name, context.DeadlineExceeded)
	}
	return addrs, nil
}

func (l Lookup) resolver() Resolver {
	if l.Resolver == nil {
		return System{}
	}
	return l.Resolver
}

func (l Lookup) literal(ip netip.Addr) ([]netip.Addr, error) {
	if !Uses(l.Network, ip) {
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS,
			fmt.Errorf("%s is not an address of %s", ip, l.Network))
	}
	return []netip.Addr{ip}, nil
}

// Uses reports whether an address is of the family of a network, "ip4" or "ip6".
// Other networks use both families.
func Uses(network string, ip netip.Addr) bool {
	switch network {
	case "ip4":
		return ip.Is4()
	case "ip6":
		return ip.Is6()
	}
	return true
}

// classify classifies an error of a resolver. If the context has ended, the error
// is that of the context and not that of the interrupted resolver.
func classify(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("lookup %s: %w", name, ctx.Err())
	}
	return smtperr.Classify(smtperr.PhaseDNS, err)
}

// severity lists the classes of failed lookups, the most serious first.
var severity = []smtperr.Class{
	smtperr.ClassCanceled, smtperr.ClassLocalError, smtperr.ClassDNSTimeout, smtperr.ClassDNSError, smtperr.ClassDNSNotFound,
}

// mostSerious returns the error of a lookup that failed for all families. A name is
// not found only if no family has failed in another way.
func mostSerious(errs []error) error {
	var most *smtperr.Error
	for _, err := range errs {
		e, ok := errors.AsType[*smtperr.Error](err)
		if ok && (most == nil || slices.Index(severity, e.Class) < slices.Index(severity, most.Class)) {
			most = e
		}
	}
	if most == nil {
		return smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS, errors.New("no address"))
	}
	return most
}

// merge returns the addresses of all families, the preferred family first, without
// duplicates.
func merge(found [][]netip.Addr) []netip.Addr {
	if len(found) == 2 && len(found[1]) > 0 && preferIPv6(found[1][0]) {
		found = [][]netip.Addr{found[1], found[0]}
	}
	var addrs []netip.Addr
	for _, ip := range slices.Concat(found...) {
		if ip = ip.Unmap(); !slices.Contains(addrs, ip) {
			addrs = append(addrs, ip)
		}
	}
	return addrs
}

// preferIPv6 reports whether IPv6 addresses come before IPv4 addresses by the rules
// of RFC 6724: if there is a route, except to unique local addresses. Package net
// applies them only to a lookup of both families.
func preferIPv6(ip netip.Addr) bool {
	const anyPort = 53
	if ip.IsPrivate() {
		return false
	}
	// Connecting a UDP socket sends no packet.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, anyPort)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// withTimeout is context.WithTimeout, except that 0 means no timeout.
func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// expired reports whether no time is left. It compares the deadline with the clock
// because a connection can time out a moment before the context ends.
func expired(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}
