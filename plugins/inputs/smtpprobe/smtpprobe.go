// Package smtpprobe is the Telegraf input that probes SMTP relays.
//
// Data flow: Telegraf's loader decodes TOML into Settings (toml.go, settings.go).
// Init parses them once into a spec, and the URL of each relay into a target
// (target.go, url.go, credentials.go, tls.go).
// A gather probes each target once (gather.go) with the engine, updates what is
// known of the target (state.go; memory.go has what outlives a restart, and
// change.go what differs from the last time), and turns the result into metrics (metric.go,
// group.go).
package smtpprobe

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"
	"github.com/influxdata/telegraf/selfstat"
	"golang.org/x/sync/errgroup"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/state"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

//go:embed sample.conf
var sampleConfig string

// SMTPProbe is the plugin. Init parses its settings; they are not read again.
//
// Code that needs the plugin's relays without Telegraf's loader calls New, sets
// Servers and Settings, and calls Init and Configured.
type SMTPProbe struct {
	Servers       []string        `toml:"servers"`
	MaxConcurrent int             `toml:"max_concurrent"`
	Spread        config.Duration `toml:"spread"`
	Metrics       []string        `toml:"metrics"`
	StateFile     string          `toml:"state_file"`
	Relays        []*Relay        `toml:"relay"`
	Groups        []*Group        `toml:"group"`
	FlowKey       *config.Secret  `toml:"flow_key"`
	Mailboxes     []*Mailbox      `toml:"mailbox"`
	// These are Telegraf's own settings: the name of the instance, and the time
	// that each timeout must stay below.
	Alias    string          `toml:"alias"`
	Interval config.Duration `toml:"interval"`
	Settings

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	parsedRelays []*relay
	parsedGroups []*group
	tracker      *tracker // nil without a mailbox
	phases       bool     // the measurement smtpprobe_phase is on
	recipients   bool     // and smtpprobe_recipient
	engine       engine
	stats        stats
	sendAlways   bool
	gathering    chan struct{} // has one element while a gather runs

	mu     sync.Mutex
	ctx    context.Context // ends with Stop
	cancel context.CancelFunc
	store  *state.Store // without a file until Start
	opened atomic.Bool  // store has a file, which Stop must give back
	number int          // among the instances, 0 after Stop
}

// engine are the two calls of package smtpprobe that the plugin makes.
type engine struct {
	probe  func(context.Context, *probing) *smtpprobe.Result
	expand func(context.Context, *probing) ([]smtpprobe.Target, *smtpprobe.Result)
}

func init() {
	inputs.Add("smtpprobe", func() telegraf.Input { return New() })
}

// New returns the plugin with its defaults.
func New() *SMTPProbe {
	return &SMTPProbe{
		MaxConcurrent: 100,
		Settings:      defaultSettings(),
		engine: engine{
			probe:  func(ctx context.Context, p *probing) *smtpprobe.Result { return p.probe(ctx) },
			expand: func(ctx context.Context, p *probing) ([]smtpprobe.Target, *smtpprobe.Result) { return p.targets(ctx) },
		},
	}
}

// SampleConfig returns the configuration that Telegraf shows.
func (*SMTPProbe) SampleConfig() string { return sampleConfig }

// Init parses the whole configuration. It opens no connection and resolves no
// name.
func (p *SMTPProbe) Init() error {
	if err := p.parse(); err != nil {
		return err
	}
	if p.Interval > 0 {
		if err := p.CheckInterval(time.Duration(p.Interval)); err != nil {
			return err
		}
	}
	p.Relays = nil // of many relays they take as much memory as everything else
	p.stats = newStats(p.Statistics)
	p.gathering = make(chan struct{}, 1)
	p.store = state.New(state.Options{Warn: p.warn})
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.number = instances.take()
	return nil
}

func (p *SMTPProbe) parse() error {
	switch {
	case len(p.Servers) == 0 && len(p.Relays) == 0:
		return errors.New("nothing to probe: servers is empty and there is no relay")
	case p.MaxConcurrent < 1:
		return fmt.Errorf("invalid max_concurrent %d: must be at least 1", p.MaxConcurrent)
	case p.Spread < 0:
		return fmt.Errorf("invalid spread %q: must not be negative", time.Duration(p.Spread))
	}
	for _, m := range p.Metrics {
		if err := oneOf("metrics", m, "phase", "recipient"); err != nil {
			return err
		}
		p.phases = p.phases || m == "phase"
		p.recipients = p.recipients || m == "recipient"
	}
	parts := &shared{tls: make(tlsConfigs), tokens: make(tokenSources), policies: make(policySources), checked: make(map[*config.Secret]bool)}
	byName, err := p.parseRelays(parts)
	if err != nil {
		return err
	}
	return firstError(p.parseGroups(byName), p.parseMailboxes(parts))
}

// parseRelays makes the relays of servers, then those with their own tables.
func (p *SMTPProbe) parseRelays(parts *shared) (map[string]*relay, error) {
	common, err := p.Settings.parse(parts)
	if err != nil {
		return nil, err
	}
	p.parsedRelays = make([]*relay, 0, len(p.Servers)+len(p.Relays))
	byName := make(map[string]*relay, cap(p.parsedRelays))
	add := func(r *relay) error {
		if byName[r.name] != nil {
			return fmt.Errorf("duplicate relay name %q (the name of a relay without one is its URL)", r.name)
		}
		byName[r.name] = r
		p.parsedRelays = append(p.parsedRelays, r)
		return nil
	}

	if len(p.Servers) > 0 {
		if err := common.complete(&p.Settings, parts); err != nil {
			return nil, fmt.Errorf("servers: %w", err)
		}
	}
	for _, url := range p.Servers {
		r, err := newRelay(url, url, common)
		if err != nil {
			return nil, fmt.Errorf("servers: %w", err)
		}
		if err := add(r); err != nil {
			return nil, err
		}
	}
	var inheriting *draft // shared by the relays that set nothing
	for i, table := range p.Relays {
		d := inheriting
		if !table.inheritsAll || d == nil {
			if d, err = table.draft(parts); err != nil {
				return nil, fmt.Errorf("%s: %w", table.label(i), err)
			}
		}
		if table.inheritsAll {
			inheriting = d
		}
		r, err := table.parse(d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", table.label(i), err)
		}
		if err := add(r); err != nil {
			return nil, err
		}
	}
	return byName, nil
}

func (p *SMTPProbe) parseGroups(relays map[string]*relay) error {
	p.parsedGroups = make([]*group, 0, len(p.Groups))
	seen := make(map[string]bool, len(p.Groups))
	for _, table := range p.Groups {
		g, err := table.parse(relays)
		if err != nil {
			return fmt.Errorf("group %q: %w", table.Name, err)
		}
		if seen[g.name] {
			return fmt.Errorf("duplicate group name %q", g.name)
		}
		seen[g.name] = true
		p.parsedGroups = append(p.parsedGroups, g)
	}
	return nil
}

// CheckInterval refuses timeouts that are not below the interval between two
// gathers: one silent relay would delay every gather.
func (p *SMTPProbe) CheckInterval(interval time.Duration) error {
	for _, r := range p.parsedRelays {
		if r.spec.prober.Timeout >= interval {
			return fmt.Errorf("relay %q: invalid timeout %q: must be below the interval %q", r.name, r.spec.prober.Timeout, interval)
		}
	}
	return nil
}

// SendAlways makes every probe of depth send send its message, whatever
// send_interval is. It must be called before Gather.
func (p *SMTPProbe) SendAlways() { p.sendAlways = true }

// Start reads the state file, and makes the plugin ready again after Stop.
func (p *SMTPProbe) Start(telegraf.Accumulator) error {
	if err := p.openMemory(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		p.ctx, p.cancel = context.WithCancel(context.Background())
	}
	if p.number == 0 {
		p.number = instances.take()
	}
	return nil
}

// Stop cancels a running gather, waits for its end, and writes the state file.
func (p *SMTPProbe) Stop() {
	p.mu.Lock()
	cancel := p.cancel
	p.mu.Unlock()
	if cancel == nil { // no Init
		return
	}
	cancel()
	p.gathering <- struct{}{}
	defer func() { <-p.gathering }()
	p.tracker.close()
	for _, r := range p.parsedRelays {
		if r.policies != nil {
			r.policies.Wait()
		}
	}
	p.closeMemory()

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number > 0 {
		instances.free(p.number)
		p.number = 0
	}
}

func (p *SMTPProbe) context() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctx
}

// Probe serves Telegraf's startup_error_behavior = "probe": it fails if none of
// the relays sends a greeting.
func (p *SMTPProbe) Probe() error {
	ctx, cancel := context.WithCancel(p.context())
	defer cancel()
	var (
		mu      sync.Mutex
		greeted bool
		first   error
		probes  errgroup.Group
	)
	probes.SetLimit(p.MaxConcurrent)
	for _, r := range p.parsedRelays {
		if ctx.Err() != nil {
			break
		}
		probes.Go(func() error {
			err := p.connect(ctx, r)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				greeted = true
				cancel()
			} else if first == nil {
				first = fmt.Errorf("relay %q: %w", r.name, err)
			}
			return nil
		})
	}
	if err := probes.Wait(); err != nil || greeted {
		return err
	}
	if first == nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("no relay can be reached: %w", first)
}

// connect probes as far as the greeting of one of the relay's hosts. The timeout
// is for all hosts, since Telegraf waits.
func (p *SMTPProbe) connect(ctx context.Context, r *relay) error {
	prober, err := p.prober(r, &r.target)
	if err != nil {
		return err
	}
	prober.Plan.Depth, prober.Plan.Expect = smtpprobe.DepthConnect, nil
	ctx, cancel := context.WithTimeout(ctx, prober.Prober.Timeout)
	defer cancel()
	prober.Target.AllAddresses = false
	targets, failed := p.engine.expand(ctx, prober)
	if failed != nil {
		return failed.Err
	}
	for _, t := range targets {
		prober.Target = t
		result := p.engine.probe(ctx, prober)
		if result.Err == nil {
			return nil
		}
		if err == nil { // the first host's error, as in a probe
			err = result.Err
		}
	}
	return err
}
