package smtpprobe

import (
	"context"
	"fmt"
	"sync"

	"github.com/influxdata/telegraf"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// prober is all that one probe of a target needs, secrets included.
func (p *SMTPProbe) prober(ctx context.Context, r *relay, t *smtpprobe.Target) (*smtpprobe.Prober, error) {
	prober := &smtpprobe.Prober{Target: *t, Plan: r.plan}
	prober.Plan.Transcript = p.Log != nil && p.Log.Level().Includes(telegraf.Debug)
	if prober.Plan.Helo == "" {
		prober.Plan.Helo = p.helo.name(ctx)
	}
	if r.proxy != nil {
		proxy, err := r.proxy()
		if err != nil {
			return nil, err
		}
		if err := validateProxy(proxy); err != nil {
			return nil, err
		}
		prober.Target.Route.ProxyURL = proxy
	}
	if r.login != nil {
		auth, err := r.login.auth()
		if err != nil {
			return nil, err
		}
		prober.Plan.Auth = auth
	}
	return prober, nil
}

// defaultHelo is asked of DNS once, and not before the first probe.
type defaultHelo struct {
	mu    sync.Mutex
	known string
}

func (h *defaultHelo) name(ctx context.Context) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known != "" {
		return h.known
	}
	name := smtpprobe.DefaultHelo(ctx)
	if ctx.Err() == nil {
		h.known = name
	}
	return name
}

// Configured is one relay as the configuration has it.
type Configured struct {
	Name         string
	Prober       smtpprobe.Prober
	AllAddresses bool // see smtpprobe.Expand
}

// Configured lists the relays, for who wants to probe them on his own. It is
// to be called after Init.
func (p *SMTPProbe) Configured(ctx context.Context) ([]Configured, error) {
	list := make([]Configured, 0, len(p.roster))
	for _, r := range p.roster {
		prober, err := p.prober(ctx, r, &r.target)
		if err != nil {
			return nil, fmt.Errorf("relay %q: %w", r.name, err)
		}
		list = append(list, Configured{Name: r.name, Prober: *prober, AllAddresses: r.all})
	}
	return list, nil
}
