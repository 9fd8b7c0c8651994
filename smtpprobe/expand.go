package smtpprobe

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Expand turns a target into those to probe: a target with a Domain and no
// Host into the domain's MX hosts in order of preference (RFC 5321 §5.1), and
// with all each host into one target per address. What cannot be resolved is
// a Result of phase dns. A host of several whose addresses cannot be resolved
// stays as it is: its own probe says so.
func Expand(ctx context.Context, t Target, p Plan, all bool) ([]Target, *Result) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	hosts := []Target{t}
	if t.Host == "" && t.Domain != "" {
		mx, err := t.way(&p).MX(ctx, t.Domain)
		if err != nil {
			return nil, unresolved(start, p, err)
		}
		hosts = hosts[:0]
		for _, h := range mx {
			host := t
			host.Host = h.Host
			hosts = append(hosts, host)
		}
	}
	if !all || t.Socket != "" || t.Route.ProxyURL != "" {
		return hosts, nil
	}
	return eachAddress(ctx, hosts, &p, start)
}

// resolving is how many hosts of a domain are resolved at a time: one whose
// name servers are silent shall not use up the others' time.
const resolving = 10

// eachAddress turns each host into its addresses.
func eachAddress(ctx context.Context, hosts []Target, p *Plan, start time.Time) ([]Target, *Result) {
	found := make([][]Target, len(hosts))
	failed := make([]error, len(hosts))
	var resolves errgroup.Group
	resolves.SetLimit(resolving)
	for i, host := range hosts {
		resolves.Go(func() error {
			var addrs []netip.Addr
			addrs, failed[i] = host.way(p).Resolve(ctx, host.name())
			for _, ip := range addrs {
				one := host
				one.IP = ip
				found[i] = append(found[i], one)
			}
			if failed[i] != nil {
				found[i] = []Target{host}
			}
			return nil
		})
	}
	_ = resolves.Wait() //nolint:errcheck // each host has its own
	if len(hosts) == 1 && failed[0] != nil {
		return nil, unresolved(start, *p, failed[0])
	}
	return slices.Concat(found...), nil
}

// unresolved is the result of a target without hosts.
func unresolved(start time.Time, p Plan, err error) *Result {
	verdict := classify(smtperr.PhaseDNS, err)
	took := time.Since(start)
	r := &Result{
		Depth:  p.Depth,
		Start:  start,
		Total:  took,
		Err:    verdict,
		Phases: []PhaseResult{{Phase: smtperr.PhaseDNS, Duration: took, Err: verdict}},
	}
	for _, e := range p.Expect {
		r.Expected = r.Expected || e.Matches(verdict)
	}
	return r
}
