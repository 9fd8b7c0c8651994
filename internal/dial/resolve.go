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

// Resolver answers for names. A *net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns the addresses of a host: of network "ip4", "ip6" or,
	// for both, "ip".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupMX returns the MX records of a domain.
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Lookup finds the addresses of hosts and the hosts of domains.
type Lookup struct {
	Resolver Resolver      // nil: System
	Network  string        // "ip4" or "ip6"; "" or "ip" is both
	Timeout  time.Duration // of one lookup; 0 leaves that to the context
}

// Addrs finds a host's addresses, in the resolver's order within each family,
// without duplicates. An IP address, a zone included, is its own answer.
//
// Each family is asked for by itself, so that what one lacks does not hide the
// other: a server that never answers for AAAA costs the time of the lookup, but
// not the A records. Without any address the worst failure is the error: a
// timeout, else a failing server, else a name that was not found.
func (l Lookup) Addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return l.literal(ip.Unmap())
	}
	name, err := hostname.ASCII(host)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS, err)
	}
	step, cancel := within(ctx, l.Timeout)
	defer cancel()
	networks := []string{"ip4", "ip6"}
	if l.Network == "ip4" || l.Network == "ip6" {
		networks = []string{l.Network}
	}
	found, failed := make([][]netip.Addr, len(networks)), make([]error, len(networks))
	var lookups sync.WaitGroup
	for i, network := range networks {
		lookups.Go(func() {
			ips, err := l.resolver().LookupNetIP(step, network, name)
			found[i], failed[i] = ips, classify(step, name, err)
		})
	}
	lookups.Wait()
	if deadline, limited := step.Deadline(); limited && time.Since(deadline) > stall {
		return nil, smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, smtperr.PhaseDNS, step.Err())
	}
	addrs := inOrder(found)
	switch {
	case len(addrs) == 0:
		return nil, worst(failed)
	case over(ctx): // there is no time left to use them
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

// Uses reports whether an address belongs to a network: "ip4", "ip6", or any
// other for both.
func Uses(network string, ip netip.Addr) bool {
	switch network {
	case "ip4":
		return ip.Is4()
	case "ip6":
		return ip.Is6()
	}
	return true
}

// classify turns a resolver's error into one of phase dns. When the context has
// ended, that is what failed, whatever the interrupted resolver returns.
func classify(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		err = fmt.Errorf("lookup %s: %w", name, ended)
	}
	return smtperr.Classify(smtperr.PhaseDNS, err)
}

// severity orders the classes of a failed lookup, the worst first.
var severity = []smtperr.Class{
	smtperr.ClassCanceled, smtperr.ClassLocalError, smtperr.ClassDNSTimeout, smtperr.ClassDNSError, smtperr.ClassDNSNotFound,
}

// worst is the error of a lookup whose families have all failed: that one does
// not exist means nothing as long as the other is not known.
func worst(failed []error) error {
	var worst *smtperr.Error
	for _, err := range failed {
		e, ok := errors.AsType[*smtperr.Error](err)
		if ok && (worst == nil || slices.Index(severity, e.Class) < slices.Index(severity, worst.Class)) {
			worst = e
		}
	}
	if worst == nil {
		return smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS, errors.New("no address"))
	}
	return worst
}

// inOrder joins the families' addresses, the preferred family first.
func inOrder(found [][]netip.Addr) []netip.Addr {
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

// preferIPv6 is what RFC 6724 comes to for the one question that is open here,
// which family goes first: IPv6 where this machine has a route to it, except
// that unique local addresses rank below IPv4. Package net sorts only what one
// lookup of both families returns.
func preferIPv6(ip netip.Addr) bool {
	const anyPort = 53
	if ip.IsPrivate() {
		return false
	}
	// To connect a datagram socket sends nothing.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, anyPort)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// within is the context of one step.
func within(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// over reports whether no time is left. A deadline can interrupt a connection a
// moment before it ends the context.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}
