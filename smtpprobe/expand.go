package smtpprobe

import (
	"context"
	"time"

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
	var targets []Target
	for _, host := range hosts {
		addrs, err := host.way(&p).Resolve(ctx, host.name())
		if err != nil && len(hosts) == 1 {
			return nil, unresolved(start, p, err)
		}
		if err != nil {
			targets = append(targets, host)
		}
		for _, ip := range addrs {
			one := host
			one.IP = ip
			targets = append(targets, one)
		}
	}
	return targets, nil
}

// unresolved is the result of a target without hosts.
func unresolved(start time.Time, p Plan, err error) *Result {
	verdict := smtperr.Classify(smtperr.PhaseDNS, err)
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
