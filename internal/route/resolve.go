package route

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// resolver is whom to ask. Its errors are *net.DNSError, or of this machine.
type resolver interface {
	addresses(ctx context.Context, name string, f family) ([]netip.Addr, error)
	exchangers(ctx context.Context, name string) ([]MXHost, error)
}

func (c Config) resolver() resolver {
	if c.DNSServer != "" {
		return nameServer(c.DNSServer)
	}
	return system{new(net.Dialer).DialContext}
}

// family is one of the two kinds of addresses.
type family struct {
	network string // as net has it
	record  uint16
}

// families are those that ip_version leaves.
func (c Config) families() []family {
	v4, v6 := family{"ip4", dns.TypeA}, family{"ip6", dns.TypeAAAA}
	switch c.IPVersion {
	case "ipv4":
		return []family{v4}
	case "ipv6":
		return []family{v6}
	}
	return []family{v4, v6}
}

// Resolve finds a host's addresses, in the resolver's order within each family
// and RFC 6724's between the two, without duplicates. An IP address, a zone
// included, is itself, and nobody is asked.
//
// Each family is asked for by itself, so that what one lacks does not hide the
// other: a server that never answers for AAAA costs the step's time, but not
// the A records. Without any address the worst failure is the verdict: of a
// timeout, a failing server and a name that was not found, the first.
func (c Config) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return c.literal(ip.Unmap())
	}
	return c.resolveBy(ctx, c.resolver(), host)
}

func (c Config) resolveBy(ctx context.Context, r resolver, host string) ([]netip.Addr, error) {
	name, invalid := asciiName(host)
	if invalid != nil {
		return nil, invalid
	}
	step, cancel := c.step(ctx)
	defer cancel()
	families := c.families()
	found, failed := make([][]netip.Addr, len(families)), make([]*smtperr.Error, len(families))
	var asking sync.WaitGroup
	ask := func(i int) {
		var err error
		found[i], err = r.addresses(step, name, families[i])
		failed[i] = judged(step, name, err)
	}
	for i := 1; i < len(families); i++ {
		asking.Go(func() { ask(i) })
	}
	ask(0)
	asking.Wait()
	addrs := ordered(found)
	switch {
	case len(addrs) == 0:
		return nil, worst(failed)
	case over(ctx): // there is no time left to use them
		return nil, judged(ctx, name, context.DeadlineExceeded)
	}
	return addrs, nil
}

func (c Config) literal(ip netip.Addr) ([]netip.Addr, error) {
	if !c.uses(ip) {
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS,
			fmt.Errorf("%s is no %s address", ip, c.IPVersion))
	}
	return []netip.Addr{ip}, nil
}

// judged classifies a resolver's error. When the context has ended, that is
// what failed, whatever the interrupted resolver makes of it.
func judged(ctx context.Context, name string, err error) *smtperr.Error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		err = fmt.Errorf("lookup %s: %w", name, ended)
	}
	return classify(smtperr.PhaseDNS, err)
}

// ranks are the classes of a failed lookup, the worst first.
var ranks = []smtperr.Class{smtperr.ClassCanceled, smtperr.ClassLocalError, smtperr.ClassDNSTimeout, smtperr.ClassDNSError, smtperr.ClassDNSNotFound}

// worst is the verdict over all families: that one does not exist says nothing
// as long as the other is not known.
func worst(failed []*smtperr.Error) error {
	var verdict *smtperr.Error
	for _, e := range failed {
		switch {
		case e == nil:
		case verdict == nil || slices.Index(ranks, e.Class) < slices.Index(ranks, verdict.Class):
			verdict = e
		}
	}
	if verdict == nil {
		return smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS, errors.New("no address"))
	}
	return verdict
}
