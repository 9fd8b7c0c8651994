package check

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// policyWait is how long a check waits for policies, in addition to the timeout
// of the probe.
const policyWait = 20 * time.Second

// judge probes a target and compares the session with the policies of its host
// and domain.
func (r *Relay) judge(ctx context.Context, t *smtpprobe.Target) (*smtpprobe.Result, *summary.Policy) {
	if r.policies == nil {
		return r.prober.Probe(ctx, *t, r.plan), nil
	}
	lookups, cancel := context.WithTimeout(ctx, r.prober.Timeout+policyWait)
	defer cancel()
	host := r.policies.Host(lookups, t.Host, t.Port)
	var domain *policy.DomainAnswer
	if t.Domain != "" {
		domain = r.policies.Domain(lookups, t.Domain)
	}
	plan := r.plan
	if h := host.Get(lookups); h != nil && h.Applies() && r.prober.TLS.ServerName == "" {
		plan.SNI = h.Base
	}
	result := r.prober.Probe(ctx, *t, plan)
	session := policy.Observed(t, result)
	session.Roots = r.prober.TLS.RootCAs
	v := policy.Evaluate(host.Get(lookups), domain.Get(lookups), &session)
	return result, summary.PolicyOf(&v, result.Start)
}

// unresolved judges a domain whose MX hosts could not be found.
func (r *Relay) unresolved(ctx context.Context, result *smtpprobe.Result) *summary.Policy {
	if r.policies == nil || r.target.Domain == "" {
		return nil
	}
	lookups, cancel := context.WithTimeout(ctx, r.prober.Timeout+policyWait)
	defer cancel()
	session := policy.Observed(&r.target, result)
	v := policy.Evaluate(nil, r.policies.Domain(lookups, r.target.Domain).Get(lookups), &session)
	return summary.PolicyOf(&v, result.Start)
}

// policyFacts returns the policies of a domain, and whether senders that honor them
// would deliver. mx is set for an MX host of a domain, which may have MTA-STS.
func policyFacts(p *summary.Policy, mx bool) []fact {
	if p == nil {
		return nil
	}
	facts := []fact{{"dane", join(", ", cmp.Or(daneStates[p.DANE], p.DANE, "not decided"), p.TLSA())}}
	if p.STS != "" {
		facts = append(facts, fact{"mta-sts", stsFact(p)})
	} else if mx {
		facts = append(facts, fact{"mta-sts", "not decided: no reply from the policy host yet"})
	}
	facts = append(facts, fact{"senders", "with DANE: " + would(p.WouldDeliverDANE, noDANE(p))})
	if p.STS != "" {
		facts = append(facts, fact{"", "with MTA-STS: " + would(p.WouldDeliverSTS, p.STSCovers == nil)})
	}
	if p.Advice != "" {
		facts = append(facts, fact{"result", p.Result + ": " + p.Meaning}, fact{"what to do", p.Advice})
	}
	for _, err := range p.Errors {
		facts = append(facts, fact{"error", err})
	}
	return facts
}

var daneStates = map[string]string{
	"none":        "no TLSA records",
	"unvalidated": "not validated",
	"ok":          "the certificate matches",
	"mismatch":    "NO match",
	"unusable":    "no usable TLSA record: TLS without authentication",
	"bogus":       "DNSSEC validation fails",
	"error":       "the lookup failed",
}

func stsFact(p *summary.Policy) string {
	state := p.STS
	if p.STSCovers != nil {
		covers := "the policy lists this host"
		if !*p.STSCovers {
			covers = "the policy does NOT list this host"
		}
		state = join(", ", state, covers)
	}
	if p.STSCertExpiry != nil {
		const day = 24 * 60 * 60
		state = join(", ", state, fmt.Sprintf("certificate of the policy host: %d days left", *p.STSCertExpiry/day))
	}
	return strings.ReplaceAll(state, "_", " ")
}

// noDANE reports whether senders with DANE have nothing to verify. A failed lookup is
// not that: they keep their mail queued.
func noDANE(p *summary.Policy) bool {
	return p.DANE == string(policy.DANENone) || p.DANE == string(policy.DANEUnvalidated)
}

// would describes whether a sender would deliver. free is set if no policy applies.
func would(deliver *bool, free bool) string {
	switch {
	case deliver == nil && free:
		return "deliver (no policy applies)"
	case deliver == nil:
		return "not decided"
	case *deliver:
		return "deliver"
	}
	return "would NOT deliver to this host"
}

func join(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}
