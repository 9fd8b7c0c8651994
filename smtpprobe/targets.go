package smtpprobe

import (
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// maxTargets is the most targets that Targets returns.
	maxTargets = 256
	// maxLookups is the number of hosts that are resolved at a time, so that a host
	// with unreachable name servers does not use up the time of the others.
	maxLookups = 10
)

// Targets resolves a target. A target with a Domain and no Host becomes the MX
// hosts of the domain in order of preference (RFC 5321 §5.1). With AllAddresses,
// each host becomes one target per address. Any other target is returned as it
// is.
//
// Targets returns at most 64 addresses of a host and 256 targets; Target.Omitted
// counts the rest. An error is a *smtperr.Error of phase dns. If one of several
// hosts cannot be resolved, it is returned unresolved, and its probe fails.
func (p *Prober) Targets(ctx context.Context, t Target) ([]Target, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	defer cancel()
	hosts := []Target{t}
	if t.Host == "" && t.Domain != "" {
		mx, err := p.lookup(&t).MX(ctx, t.Domain)
		if err != nil {
			return nil, err
		}
		hosts = hosts[:0]
		for _, h := range mx {
			host := t
			host.Host = h.Host
			hosts = append(hosts, host)
		}
	}
	omitted := max(0, len(hosts)-maxTargets)
	hosts = hosts[:len(hosts)-omitted]
	if t.AllAddresses && t.Socket == "" && p.Proxy == nil {
		var err error
		if hosts, err = p.eachAddress(ctx, hosts); err != nil {
			return nil, err
		}
	}
	excess := max(0, len(hosts)-maxTargets)
	hosts = hosts[:len(hosts)-excess]
	for i := range hosts {
		hosts[i].Omitted += omitted + excess
	}
	return hosts, nil
}

// eachAddress replaces each host by its addresses.
func (p *Prober) eachAddress(ctx context.Context, hosts []Target) ([]Target, error) {
	found := make([][]Target, len(hosts))
	failed := make([]error, len(hosts))
	var group errgroup.Group
	group.SetLimit(maxLookups)
	for i, host := range hosts {
		group.Go(func() error {
			addrs, err := p.lookup(&host).Addrs(ctx, host.lookupName())
			found[i], failed[i] = perAddress(host, addrs), err
			return nil
		})
	}
	_ = group.Wait() //nolint:errcheck // each host has its own error
	if len(hosts) == 1 && failed[0] != nil {
		return nil, smtperr.Classify(smtperr.PhaseDNS, failed[0])
	}
	omitted := 0
	for i := range hosts {
		if failed[i] != nil {
			found[i] = hosts[i : i+1]
		}
		omitted += max(0, len(found[i])-maxAddresses)
		found[i] = found[i][:min(len(found[i]), maxAddresses)]
	}
	targets := slices.Concat(found...)
	for i := range targets {
		targets[i].Omitted = omitted
	}
	return targets, nil
}

func perAddress(host Target, addrs []netip.Addr) []Target {
	targets := make([]Target, len(addrs))
	for i, ip := range addrs {
		targets[i] = host
		targets[i].IP = ip
	}
	return targets
}
