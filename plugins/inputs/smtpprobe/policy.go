package smtpprobe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/metric"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/summary"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// baseWait is how long a session waits for the TLSA base, which is its SNI. It
// needs that only where an MX host is an alias.
const baseWait = 500 * time.Millisecond

// refreshWait is how long a report waits for answers that replace earlier ones.
const refreshWait = 2 * time.Second

// policyReport is the value of the setting policy that turns it on.
const policyReport = "report"

// policySettings are what makes one source of policies differ from another.
type policySettings struct {
	server, source      string
	trust, allowPrivate bool
	interval, timeout   time.Duration
	roots               *x509.CertPool
	proxy               bool // each is its own: proxies are secret
}

// policySources are shared by all relays with the same settings, so that a
// domain is asked for once.
type policySources map[policySettings]*policy.Source

// parsePolicy makes the source of policies, if they are to be reported.
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
		interval: interval, timeout: resolver.Timeout, roots: p.prober.TLS.RootCAs, proxy: p.proxy != nil,
	}
	if known := sources[key]; known != nil && !key.proxy {
		p.policies = known
		return nil
	}
	p.policies = policy.NewSource(policy.Options{
		Resolver: resolver, Interval: interval,
		Web: policy.Web{Roots: key.roots, AllowPrivate: key.allowPrivate, Dialer: webDialer{p.prober, p.proxy}},
	})
	sources[key] = p.policies
	return nil
}

// webDialer connects to policy hosts in the way in which probes connect.
type webDialer struct {
	prober smtpprobe.Prober
	proxy  token.Secret // nil: none
}

// DialContext implements dial.Dialer.
func (d webDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := d.through()
	if err != nil {
		return nil, err
	}
	switch {
	case proxy != nil:
		return proxy.DialContext(ctx, network, address)
	case d.prober.Dialer != nil:
		return d.prober.Dialer.DialContext(ctx, network, address)
	}
	return dial.Direct{}.DialContext(ctx, network, address)
}

// through returns the proxy, nil without one.
func (d webDialer) through() (smtpprobe.Dialer, error) {
	if d.proxy == nil {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	raw, err := d.proxy()
	if err != nil {
		return nil, err
	}
	p := probing{Prober: d.prober}
	err = p.useProxy(raw)
	return p.Prober.Proxy, err
}

// errPolicyScheme refuses a policy for what no other mail server delivers to.
var errPolicyScheme = errors.New(`policy "report" applies to mx://domain and to smtp:// with a host name`)

// judged returns where the policies of a target come from, nil if it is not to
// be judged. smtp reports whether the URL's scheme is smtp.
func (p *draft) judged(t *smtpprobe.Target, smtp bool) (*policy.Source, error) {
	_, err := netip.ParseAddr(t.Host)
	named := t.Domain != "" || smtp && err != nil
	switch {
	case p.policies == nil || !named:
		return nil, nil //nolint:nilnil // there is none, and that is no error
	case t.TLS == smtpprobe.TLSNever:
		return nil, errors.New(`policy "report" needs STARTTLS, which starttls "never" rules out`)
	case p.plan.Depth == smtpprobe.DepthConnect:
		return nil, errors.New(`policy "report" needs STARTTLS, and probe "connect" ends before that: probe must be ehlo or deeper`)
	}
	return p.policies, nil
}

// judging is one target whose policy is to be judged in this gather.
type judging struct {
	r      *relay
	target *smtpprobe.Target
	tags   []tag
	host   *policy.Answer[policy.HostRecords]
	domain *policy.DomainAnswer
	asked  time.Time
	until  time.Time // how long the answers may take

	depth   smtpprobe.Depth
	session policy.Session
}

// judgment collects the policies of one gather. They are reported when all
// probes have ended.
type judgment struct {
	mu      sync.Mutex
	judged  []*judging
	domains map[*relay]*policy.Domain
}

// ask begins to ask for the policies of a target, nil if none is to be judged.
// It returns at once: the questions go on beside the probe.
func (g *gather) ask(r *relay, t *smtpprobe.Target, tags []tag) *judging {
	if r.judge == nil {
		return nil
	}
	j := &judging{r: r, target: t, tags: tags, asked: time.Now()}
	j.until = j.asked.Add(r.prober.Timeout)
	if t.Host != "" {
		j.host = r.judge.Host(g.plugin, t.Host, t.Port)
	}
	if t.Domain != "" {
		j.domain = r.judge.Domain(g.plugin, t.Domain)
	}
	return j
}

// base is the server name that a sender with DANE asks for, empty if that is the
// usual one. It waits for it, but not for long.
func (j *judging) base(ctx context.Context) string {
	if j == nil || j.r.prober.TLS.ServerName != "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, baseWait)
	defer cancel()
	if h := j.host.Get(ctx); h != nil && h.Applies() {
		return h.Base
	}
	return ""
}

// judge takes over the result of a probe, to be reported later.
func (g *gather) judge(j *judging, result *smtpprobe.Result) {
	if j == nil {
		return
	}
	if e := detail(result.Err); e != nil && e.Class == smtperr.ClassCanceled {
		return
	}
	j.depth, j.session = result.Depth, policy.Observed(j.target, result)
	j.session.Roots = j.r.prober.TLS.RootCAs
	g.judgment.mu.Lock()
	defer g.judgment.mu.Unlock()
	g.judgment.judged = append(g.judgment.judged, j)
}

// hosts notes the MX hosts of a relay's domain.
func (g *gather) hosts(r *relay, targets []smtpprobe.Target) {
	if r.judge == nil || r.target.Domain == "" {
		return
	}
	names := make([]string, len(targets))
	for i := range targets {
		names[i] = targets[i].Host
	}
	g.judgment.mu.Lock()
	defer g.judgment.mu.Unlock()
	if g.judgment.domains == nil {
		g.judgment.domains = make(map[*relay]*policy.Domain)
	}
	g.judgment.domains[r] = policy.NewDomain(names)
}

// notJudged notes a host that is not probed this time.
func (g *gather) notJudged(r *relay) {
	g.judgment.mu.Lock()
	defer g.judgment.mu.Unlock()
	if d := g.judgment.domains[r]; d != nil {
		d.Skip()
	}
}

// reportPolicies makes the points of the policies. Answers that are late are
// there at the next gather.
func (g *gather) reportPolicies() {
	c := &g.judgment
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.judged {
		v, known := j.verdict(g.ctx)
		if g.stopped() {
			return
		}
		if known {
			g.acc.AddMetric(j.point(&v))
		}
		if d := c.domains[j.r]; d != nil {
			d.Add(j.target.Host, &v)
		}
	}
	var questions, requests int64
	sources := make(map[*policy.Source]bool)
	for _, r := range g.p.parsedRelays {
		if d := c.domains[r]; d != nil {
			g.acc.AddMetric(domainPoint(r, d, g.start))
		}
		if r.judge != nil && !sources[r.judge] {
			sources[r.judge] = true
			questions += r.judge.Questions()
			requests += r.judge.Requests()
		}
	}
	g.p.stats.questions.Set(questions)
	g.p.stats.requests.Set(requests)
}

// verdict waits for the answers, and judges by those that have come.
func (j *judging) verdict(ctx context.Context) (v policy.Verdict, known bool) {
	long, cancel := context.WithDeadline(ctx, j.until)
	defer cancel()
	short, cancelShort := context.WithDeadline(long, j.asked.Add(refreshWait))
	defer cancelShort()
	wait := map[bool]context.Context{false: long, true: short}
	host := j.host.Get(wait[j.host.Refreshes()])
	domain := j.domain.Get(wait[j.domain.Refreshes()])
	return policy.Judge(host, domain, &j.session), host != nil || domain != nil
}

func (j *judging) point(v *policy.Verdict) telegraf.Metric {
	m := metric.New("smtpprobe_policy", nil, nil, j.session.Time)
	for _, t := range j.tags {
		m.AddTag(t.key, t.value)
	}
	m.AddTag("probe", string(j.depth))
	p := summary.PolicyOf(v, j.session.Time)
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

func domainPoint(r *relay, d *policy.Domain, at time.Time) telegraf.Metric {
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
