package smtpprobe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// relay is one configured relay, ready to be probed.
type relay struct {
	name   string
	target smtpprobe.Target
	*spec
	policies *policy.Source // nil: not reported

	mu      sync.Mutex
	warned  bool                       // logged that DNS has too many targets
	states  map[targetKey]*targetState // of all recent targets
	current []*targetState             // of the targets of the last gather, in order
}

// newRelay returns the relay of a URL.
func newRelay(name, url string, s *draft) (*relay, error) {
	target, err := parseURL(url)
	switch {
	case errors.Is(err, errCredentials):
		return nil, fmt.Errorf("invalid url: %w", err)
	case err != nil:
		return nil, fmt.Errorf("invalid url %q: %w", shownURL(url), err)
	}
	if err := firstError(checkName("name", name), s.checkTarget(&target)); err != nil {
		return nil, err
	}
	smtp := target.TLS == ""
	if smtp {
		target.TLS = s.starttls
	}
	target.IPVersion, target.AllAddresses = s.ipVersion, s.all
	policies, err := s.policiesOf(&target, smtp)
	if err != nil {
		return nil, err
	}
	return &relay{name: name, target: target, spec: s.spec, policies: policies}, nil
}

// parse returns the relay of a table, with its parsed settings.
func (r *Relay) parse(d *draft) (*relay, error) {
	if r.URL == "" {
		return nil, errors.New("url is missing")
	}
	parsed, err := newRelay(cmp.Or(r.Name, r.URL), r.URL, d)
	if err != nil {
		return nil, err
	}
	if r.setsPolicy && d.policies != nil && parsed.policies == nil {
		return nil, fmt.Errorf("%w, not to %q", errPolicyScheme, r.URL)
	}
	if scheme, _, _ := strings.Cut(r.URL, ":"); r.setsSTARTTLS && !strings.EqualFold(scheme, "smtp") {
		return nil, fmt.Errorf("starttls %q applies to smtp:// only, not to %q", r.STARTTLS, r.URL)
	}
	return parsed, nil
}

// expands reports whether the targets of the relay have to be resolved.
func (r *relay) expands() bool {
	return r.target.Socket == "" && (r.target.AllAddresses || r.target.Domain != "")
}

// checkName refuses a name that line protocol would not preserve as a tag: it has no
// escapes for control characters, and a backslash at the end would escape the
// delimiter of the tag.
func checkName(what, name string) error {
	switch {
	case strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("invalid %s %q: must not contain control characters", what, name)
	case strings.HasSuffix(name, `\`):
		return fmt.Errorf("invalid %s %q: must not end with a backslash", what, name)
	}
	return nil
}

// tag is one tag of a metric.
type tag struct{ key, value string }

// tagsOf returns the tags of a target that never change, in alphabetical order.
func (r *relay) tagsOf(t *smtpprobe.Target) []tag {
	tags := make([]tag, 0, 6)
	if t.Domain != "" {
		tags = append(tags, tag{"domain", t.Domain})
	}
	if t.IP.IsValid() {
		tags = append(tags, tag{"ip", t.IP.String()})
	}
	if t.Port != 0 {
		tags = append(tags, tag{"port", strconv.Itoa(int(t.Port))})
	}
	source := t.Host
	switch {
	case t.Socket != "":
		source = t.Socket
	case t.Host == "":
		source = t.Domain
	}
	tags = append(tags, tag{"relay", r.name}, tag{"source", source}, tag{"tls", string(t.TLS)})
	return slices.Clone(tags) // with many targets, unused capacity would take much memory
}

// probeRequest has the arguments of one probe of a target, including its secrets.
type probeRequest struct {
	Prober smtpprobe.Prober
	Target smtpprobe.Target
	Plan   smtpprobe.Plan
}

func (p *probeRequest) probe(ctx context.Context) *smtpprobe.Result {
	return p.Prober.Probe(ctx, p.Target, p.Plan)
}

// targets resolves the target. If that fails, it returns the failure as a result.
func (p *probeRequest) targets(ctx context.Context) ([]smtpprobe.Target, *smtpprobe.Result) {
	start := time.Now()
	targets, err := p.Prober.Targets(ctx, p.Target)
	if err != nil {
		return nil, smtpprobe.Failed(p.Plan, start, err)
	}
	return targets, nil
}

// detail returns the *smtperr.Error in the chain of an error, or nil.
func detail(err error) *smtperr.Error {
	e, _ := errors.AsType[*smtperr.Error](err)
	return e
}

// request returns the request for a probe. It fails if a secret is not available.
func (p *SMTPProbe) request(r *relay, t *smtpprobe.Target) (*probeRequest, error) {
	request := &probeRequest{Prober: r.spec.prober, Target: *t, Plan: r.plan}
	if p.Log != nil && p.Log.Level().Includes(telegraf.Debug) {
		// Under execd, where Telegraf's log level is unknown, this is always the case.
		request.Plan.Transcript = smtpprobe.TranscriptOnFailure
	}
	if r.proxy != nil {
		raw, err := r.proxy()
		if err != nil {
			return nil, err
		}
		if err := request.useProxy(raw); err != nil {
			return nil, err
		}
	}
	if r.login != nil {
		auth, err := r.login.auth()
		if err != nil {
			return nil, err
		}
		request.Plan.Auth = auth
	}
	return request, nil
}

// useProxy sets the proxy of a URL.
func (p *probeRequest) useProxy(raw string) error {
	if raw == "" {
		return nil
	}
	proxy, err := dial.ParseProxy(raw)
	if err != nil {
		return fmt.Errorf("invalid proxy_url: it %w", err)
	}
	proxy.Dialer, proxy.Timeout = p.Prober.Dialer, p.Prober.ConnectTimeout
	proxy.Lookup = dial.Lookup{Resolver: p.Prober.Resolver, Timeout: p.Prober.ConnectTimeout}
	p.Prober.Proxy, p.Prober.Secrets = proxy, proxy.Secrets()
	return nil
}

// authenticates reports whether a probe reaches AUTH.
func (p *spec) authenticates() bool {
	return p.plan.Depth != smtpprobe.DepthConnect && p.plan.Depth != smtpprobe.DepthEHLO
}

// Configured is one relay of the configuration.
type Configured struct {
	Name   string
	Prober smtpprobe.Prober
	Target smtpprobe.Target
	Plan   smtpprobe.Plan
	// Policies looks up the DANE and MTA-STS policies; nil: the setting policy is off
	// or does not apply.
	Policies *policy.Source
}

// Configured returns the relays, for a caller that runs the probes itself. It must be
// called after Init. It fails if a secret is not available.
func (p *SMTPProbe) Configured() ([]Configured, error) {
	list := make([]Configured, 0, len(p.parsedRelays))
	for _, r := range p.parsedRelays {
		request, err := p.request(r, &r.target)
		if err != nil {
			return nil, fmt.Errorf("relay %q: %w", r.name, err)
		}
		list = append(list, Configured{Name: r.name, Prober: request.Prober, Target: request.Target, Plan: request.Plan, Policies: r.policies})
	}
	return list, nil
}
