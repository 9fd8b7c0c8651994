package smtpprobe

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// baseWait is the maximum time that a session waits for the TLSA base domain, to use
// it as SNI. It is short because the base domain is not the host name only if the
// host is an alias.
const baseWait = 500 * time.Millisecond

// refreshWait is the maximum time that a report waits for a lookup that replaces an
// earlier result.
const refreshWait = 2 * time.Second

// policyReport is the value of the setting policy that enables the reports.
const policyReport = "report"

// policySettings are the settings of a policy.Source. Relays with the same settings
// share one, so that a domain is looked up once.
type policySettings struct {
	server, source      string
	trust, allowPrivate bool
	interval, timeout   time.Duration
	roots               *x509.CertPool
}

type policySources map[policySettings]*policy.Source

// parsePolicy sets the draft's source of policies, if they are to be reported.
func (s *Settings) parsePolicy(p *draft, sources policySources) error {
	if err := firstError(
		oneOf("policy", s.Policy, "off", policyReport),
		oneOf("dnssec", s.DNSSEC, "off", "trust"),
	); err != nil {
		return err
	}
	interval := time.Duration(s.PolicyInterval)
	if interval <= 0 {
		return fmt.Errorf("invalid policy_interval %q: must be positive", interval)
	}
	if s.Policy != policyReport {
		return nil
	}
	server, err := parseDNSServer(s.DNSServer)
	if err != nil {
		return err
	}
	resolver := policy.Resolver{Server: server, Trust: s.DNSSEC == "trust", Timeout: p.prober.ConnectTimeout}
	if err := resolver.Check(); err != nil {
		return err
	}
	key := policySettings{
		server: server, source: s.SourceAddress, trust: resolver.Trust, allowPrivate: s.AllowPrivateMX,
		interval: interval, timeout: resolver.Timeout, roots: p.prober.TLS.RootCAs,
	}
	shareable := p.proxy == nil // the URL of a proxy is secret and cannot be compared
	if known := sources[key]; known != nil && shareable {
		p.policies = known
		return nil
	}
	p.policies = policy.NewSource(policy.Options{
		Resolver: resolver, Interval: interval,
		Fetcher: policy.Fetcher{Roots: key.roots, AllowPrivate: key.allowPrivate, Dialer: relayDialer{p.prober, p.proxy}},
	})
	if shareable {
		sources[key] = p.policies
	}
	return nil
}

// errPolicyScheme rejects the setting for relays that other mail servers do not
// deliver to.
var errPolicyScheme = errors.New(`policy "report" applies to mx://domain and to smtp:// with a host name`)

// policiesOf returns the source of policies of a target, nil if they are not to be
// reported. smtp reports whether the scheme of its URL is smtp.
func (p *draft) policiesOf(t *smtpprobe.Target, smtp bool) (*policy.Source, error) {
	_, err := netip.ParseAddr(t.Host)
	applies := t.Domain != "" || smtp && err != nil
	switch {
	case p.policies == nil || !applies:
		return nil, nil //nolint:nilnil // no source is not an error
	case t.TLS == smtpprobe.TLSNever:
		return nil, errors.New(`policy "report" needs STARTTLS, which starttls "never" rules out`)
	case p.plan.Depth == smtpprobe.DepthConnect:
		return nil, errors.New(`policy "report" needs STARTTLS, and probe "connect" ends before that: probe must be ehlo or deeper`)
	}
	return p.policies, nil
}

// policyLookup is the lookup of the policies of one target in one gather, and the
// session to compare them with.
type policyLookup struct {
	r       *relay
	target  *smtpprobe.Target
	tags    []tag
	host    *policy.Answer[policy.HostRecords]
	domain  *policy.DomainAnswer
	started time.Time

	depth   smtpprobe.Depth
	session policy.Session
}

// policyReports collects the policies of one gather. They are reported when all
// probes have ended.
type policyReports struct {
	mu      sync.Mutex
	lookups []*policyLookup
	domains map[*relay]*policy.DomainVerdict
}

// lookupPolicies starts to look up the policies of a target, and returns nil if
// they are not to be reported. The lookup runs while the probe does.
func (g *gather) lookupPolicies(r *relay, t *smtpprobe.Target, tags []tag) *policyLookup {
	if r.policies == nil {
		return nil
	}
	l := &policyLookup{r: r, target: t, tags: tags, started: time.Now()}
	if t.Host != "" {
		l.host = r.policies.Host(g.plugin, t.Host, t.Port)
	}
	if t.Domain != "" {
		l.domain = r.policies.Domain(g.plugin, t.Domain)
	}
	return l
}

// sni returns the TLS server name that a DANE sender would use, empty if it is the
// usual one. It waits for the lookup, at most baseWait.
func (l *policyLookup) sni(ctx context.Context) string {
	if l == nil || l.r.prober.TLS.ServerName != "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, baseWait)
	defer cancel()
	if h := l.host.Get(ctx); h != nil && h.Applies() {
		return h.Base
	}
	return ""
}

// comparePolicies adds the result of a probe, to be compared with the policies at
// the end of the gather.
func (g *gather) comparePolicies(l *policyLookup, result *smtpprobe.Result) {
	if l == nil {
		return
	}
	if e := detail(result.Err); e != nil && e.Class == smtperr.ClassCanceled {
		return
	}
	l.depth, l.session = result.Depth, policy.Observed(l.target, result)
	l.session.Roots = l.r.prober.TLS.RootCAs
	g.policies.mu.Lock()
	defer g.policies.mu.Unlock()
	g.policies.lookups = append(g.policies.lookups, l)
}

// addPolicyDomain adds the domain of a relay with its MX hosts.
func (g *gather) addPolicyDomain(r *relay, targets []smtpprobe.Target) {
	if r.policies == nil || r.target.Domain == "" {
		return
	}
	hosts := make([]string, len(targets))
	for i := range targets {
		hosts[i] = targets[i].Host
	}
	g.policies.mu.Lock()
	defer g.policies.mu.Unlock()
	if g.policies.domains == nil {
		g.policies.domains = make(map[*relay]*policy.DomainVerdict)
	}
	g.policies.domains[r] = policy.NewDomainVerdict(hosts)
}

// skipPolicies notes that a host of a relay's domain is not probed this time.
func (g *gather) skipPolicies(r *relay) {
	g.policies.mu.Lock()
	defer g.policies.mu.Unlock()
	if d := g.policies.domains[r]; d != nil {
		d.Skip()
	}
}

// reportPolicies reports the policies of all targets and domains. A lookup that has
// not ended by then is reported by the next gather.
func (g *gather) reportPolicies() {
	c := &g.policies
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lookups {
		host, domain := l.wait(g.ctx)
		if g.stopped() {
			return
		}
		v := policy.Evaluate(host, domain, &l.session)
		if host != nil || domain != nil {
			g.acc.AddMetric(l.point(&v))
		}
		if d := c.domains[l.r]; d != nil {
			d.Add(l.target.Host, &v)
		}
		g.savePolicy(l.r, domain)
	}
	var queries, requests int64
	sources := make(map[*policy.Source]bool)
	for _, r := range g.p.parsedRelays {
		if d := c.domains[r]; d != nil {
			g.acc.AddMetric(domainPoint(r, d, g.start))
		}
		if r.policies != nil && !sources[r.policies] {
			sources[r.policies] = true
			queries += r.policies.Questions()
			requests += r.policies.Requests()
		}
	}
	g.p.stats.questions.Set(queries)
	g.p.stats.requests.Set(requests)
}

// wait waits for the lookups, within the timeout of the probe.
func (l *policyLookup) wait(ctx context.Context) (*policy.HostRecords, *policy.DomainRecords) {
	first, cancel := context.WithDeadline(ctx, l.started.Add(l.r.prober.Timeout))
	defer cancel()
	refresh, cancelRefresh := context.WithDeadline(first, l.started.Add(refreshWait))
	defer cancelRefresh()
	limit := map[bool]context.Context{false: first, true: refresh}
	return l.host.Get(limit[l.host.Refreshes()]), l.domain.Get(limit[l.domain.Refreshes()])
}

// restorePolicy puts the MTA-STS policy of a domain into effect that was in effect
// before a restart. own is the state of the relay itself, not of its MX hosts.
func (g *gather) restorePolicy(r *relay, own *targetState) {
	if r.policies == nil || len(own.known.Policy) == 0 {
		return
	}
	if err := r.policies.Restore(r.target.Domain, own.known.Policy); err != nil {
		g.p.warn(err.Error())
	}
}

// savePolicy puts the MTA-STS policy in effect into the state of a relay.
func (g *gather) savePolicy(r *relay, domain *policy.DomainRecords) {
	if domain == nil || domain.STS == nil {
		return
	}
	own := r.state(&r.target)
	if saved := domain.STS.Save(); !bytes.Equal(saved, own.known.Policy) {
		own.known.Policy = saved
		g.save(own)
	}
}

func (l *policyLookup) point(v *policy.Verdict) telegraf.Metric {
	m := metric.New("smtpprobe_policy", nil, nil, l.session.Time)
	for _, t := range l.tags {
		m.AddTag(t.key, t.value)
	}
	m.AddTag("probe", string(l.depth))
	p := summary.PolicyOf(v, l.session.Time)
	addText(m, "dane", p.DANE)
	addInt(m, "tlsa_usable", p.TLSAUsable)
	addInt(m, "tlsa_matching", p.TLSAMatching)
	addText(m, "tlsa_match", p.TLSAMatch)
	addText(m, "sts", p.STS)
	addBit(m, "sts_covers", p.STSCovers)
	addText(m, "sts_id", p.STSID)
	addInt(m, "sts_max_age", p.STSMaxAge)
	addInt(m, "sts_cert_expiry", p.STSCertExpiry)
	addBit(m, "would_deliver_dane", p.WouldDeliverDANE)
	addBit(m, "would_deliver_sts", p.WouldDeliverSTS)
	addText(m, "result", p.Result)
	return m
}

func domainPoint(r *relay, d *policy.DomainVerdict, at time.Time) telegraf.Metric {
	m := metric.New("smtpprobe_policy_domain", nil, nil, at)
	m.AddTag("domain", r.target.Domain)
	m.AddTag("relay", r.name)
	m.AddField("mx_total", int64(d.Hosts()))
	m.AddField("mx_failing_dane", int64(d.FailingDANE()))
	m.AddField("mx_failing_sts", int64(d.FailingSTS()))
	if yes, decided := d.Delivers(); decided {
		m.AddField("would_deliver", bit(yes))
	}
	return m
}

func addInt[N int | int64](m telegraf.Metric, field string, value *N) {
	if value != nil {
		m.AddField(field, int64(*value))
	}
}

func addBit(m telegraf.Metric, field string, value *bool) {
	if value != nil {
		m.AddField(field, bit(*value))
	}
}
