// Package smtpprobe is the Telegraf input that probes SMTP relays.
//
// Telegraf's loader decodes TOML into Settings (toml.go, settings.go). Init parses
// them once into a spec, and the URL of each relay into a target (target.go,
// url.go, credentials.go, tls.go). A gather runs the engine once for each target
// (gather.go), updates the state of the target (state.go), which survives a
// restart (statefile.go), detects changes (change.go), and turns the result into
// metrics (metric.go, group.go). mailflow.go follows messages to their mailboxes,
// and policy.go compares sessions with DANE and MTA-STS policies.
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

// SMTPProbe is the plugin. Its settings must not be modified after Init.
//
// Code that needs the relays without Telegraf's loader calls New, sets Servers and
// Settings, and calls Init and Configured.
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
	// Alias and Interval are Telegraf's settings for all inputs. Each timeout must be
	// below Interval.
	Alias    string          `toml:"alias"`
	Interval config.Duration `toml:"interval"`
	Settings

	Log        telegraf.Logger     `toml:"-"`
	Statistics *selfstat.Collector `toml:"-"`

	parsedRelays []*relay
	parsedGroups []*group
	tracker      *tracker // nil: no mailbox
	phases       bool     // report smtpprobe_phase
	recipients   bool     // report smtpprobe_recipient
	engine       engine
	stats        stats
	sendAlways   bool
	gathering    chan struct{} // has one element while a gather runs

	mu     sync.Mutex
	ctx    context.Context // ends with Stop
	cancel context.CancelFunc
	store  *state.Store // without a file until Start
	opened atomic.Bool  // store has a file, which Stop closes
	number int          // of the instance; 0 after Stop
}

// engine has the functions of package smtpprobe that the plugin calls. Tests replace
// them.
type engine struct {
	probe  func(context.Context, *probeRequest) *smtpprobe.Result
	expand func(context.Context, *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result)
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
			probe: func(ctx context.Context, p *probeRequest) *smtpprobe.Result { return p.probe(ctx) },
			expand: func(ctx context.Context, p *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
				return p.targets(ctx)
			},
		},
	}
}

// SampleConfig implements telegraf.PluginDescriber.
func (*SMTPProbe) SampleConfig() string { return sampleConfig }

// Init implements telegraf.Initializer: it parses and checks the configuration. It
// does not use the network.
func (p *SMTPProbe) Init() error {
	if err := p.parse(); err != nil {
		return err
	}
	if p.Interval > 0 {
		if err := p.CheckInterval(time.Duration(p.Interval)); err != nil {
			return err
		}
	}
	p.Relays = nil // the tables of many relays take much memory
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

// parseRelays sets parsedRelays: the relays of the setting servers, then those of
// tables. It returns them by name.
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
	var inheriting *draft // shared by all relays that set nothing
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

// CheckInterval refuses timeouts that are not below the interval between two gathers,
// because one silent relay would delay every gather.
func (p *SMTPProbe) CheckInterval(interval time.Duration) error {
	for _, r := range p.parsedRelays {
		if r.spec.prober.Timeout >= interval {
			return fmt.Errorf("relay %q: invalid timeout %q: must be below the interval %q", r.name, r.spec.prober.Timeout, interval)
		}
	}
	return nil
}

// SendAlways disables send_interval: every probe of depth send sends a message. It
// must be called before Gather.
func (p *SMTPProbe) SendAlways() { p.sendAlways = true }

// Start implements telegraf.ServiceInput: it reads the state file. It may be called
// again after Stop.
func (p *SMTPProbe) Start(telegraf.Accumulator) error {
	if err := p.openState(); err != nil {
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

// Stop implements telegraf.ServiceInput: it cancels a running gather, waits for its
// end, and writes the state file.
func (p *SMTPProbe) Stop() {
	p.mu.Lock()
	cancel := p.cancel
	p.mu.Unlock()
	if cancel == nil { // Init was not called
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
	p.closeState()

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

// Probe implements telegraf.ProbePlugin, for startup_error_behavior = "probe". It
// fails if no relay sends a greeting.
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

// connect returns nil if one of the relay's hosts sends a greeting. The timeout covers
// all hosts, because Telegraf waits for the result.
func (p *SMTPProbe) connect(ctx context.Context, r *relay) error {
	request, err := p.request(r, &r.target)
	if err != nil {
		return err
	}
	request.Plan.Depth, request.Plan.Expect = smtpprobe.DepthConnect, nil
	ctx, cancel := context.WithTimeout(ctx, request.Prober.Timeout)
	defer cancel()
	request.Target.AllAddresses = false
	targets, failed := p.engine.expand(ctx, request)
	if failed != nil {
		return failed.Err
	}
	for _, t := range targets {
		request.Target = t
		result := p.engine.probe(ctx, request)
		if result.Err == nil {
			return nil
		}
		if err == nil { // return the error of the first host
			err = result.Err
		}
	}
	return err
}
