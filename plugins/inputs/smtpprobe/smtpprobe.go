// Package smtpprobe is the Telegraf input that probes SMTP relays.
package smtpprobe

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/plugins/inputs"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

//go:embed sample.conf
var sampleConfig string

// SMTPProbe is the plugin. Init checks its settings and makes the relays of
// them; after that they are not read again.
type SMTPProbe struct {
	Servers       []string        `toml:"servers"`
	MaxConcurrent int             `toml:"max_concurrent"`
	Spread        config.Duration `toml:"spread"`
	Metrics       []string        `toml:"metrics"`
	Relays        []*Relay        `toml:"relay"`
	Groups        []*Group        `toml:"group"`
	// Interval is Telegraf's own setting, read to compare the timeout with it.
	Interval config.Duration `toml:"interval"`
	Settings

	Log telegraf.Logger `toml:"-"`

	roster     []*relay
	failover   []*group
	wants      struct{ phases, recipients bool }
	engine     engine
	stats      stats
	helo       defaultHelo
	sendAlways bool
	running    chan struct{} // holds one token while a gather runs

	mu   sync.Mutex
	life context.Context // ends with Stop
	end  context.CancelFunc
}

// engine is what holds the sessions.
type engine struct {
	probe  func(context.Context, *smtpprobe.Prober) *smtpprobe.Result
	expand func(context.Context, smtpprobe.Target, smtpprobe.Plan, bool) ([]smtpprobe.Target, *smtpprobe.Result)
}

// SampleConfig is the configuration that Telegraf shows.
func (*SMTPProbe) SampleConfig() string { return sampleConfig }

// Init checks the whole configuration. Nothing is probed, and no name resolved.
func (p *SMTPProbe) Init() error {
	if err := p.validate(); err != nil {
		return err
	}
	relays, err := p.makeRelays()
	if err != nil {
		return err
	}
	if err := p.makeGroups(relays); err != nil {
		return err
	}
	if p.Interval > 0 {
		if err := p.CheckInterval(time.Duration(p.Interval)); err != nil {
			return err
		}
	}
	p.wants.phases = slices.Contains(p.Metrics, "phase")
	p.wants.recipients = slices.Contains(p.Metrics, "recipient")
	p.stats = newStats()
	p.running = make(chan struct{}, 1)
	p.life, p.end = context.WithCancel(context.Background())
	return nil
}

func (p *SMTPProbe) validate() error {
	if len(p.Servers) == 0 && len(p.Relays) == 0 {
		return errors.New("nothing to probe: servers is empty and there is no relay")
	}
	if p.MaxConcurrent < 1 {
		return fmt.Errorf("max_concurrent %d must be at least 1", p.MaxConcurrent)
	}
	if p.Spread < 0 {
		return fmt.Errorf("spread %q must not be negative", time.Duration(p.Spread))
	}
	for _, m := range p.Metrics {
		if m != "phase" && m != "recipient" {
			return fmt.Errorf("metrics %q is none of phase, recipient", m)
		}
	}
	return p.Settings.validate()
}

// makeRelays makes the relays of servers, then those with a table of their own.
func (p *SMTPProbe) makeRelays() (map[string]*relay, error) {
	p.roster = make([]*relay, 0, len(p.Servers)+len(p.Relays))
	byName := make(map[string]*relay, cap(p.roster))
	above, shared := defaults(), &parts{tls: make(tlsConfigs), tokens: make(tokenSources)}
	serverName := p.Settings.ServerName
	p.Settings.inherit(&above)

	add := func(where, name, url string, own, above *Settings) error {
		if strings.ContainsAny(name, "\r\n\x00") {
			return fmt.Errorf("relay name %q must not contain CR, LF or NUL", name)
		}
		r, err := newRelay(name, url, own, above, shared)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if byName[name] != nil {
			return fmt.Errorf("relay name %q is given twice; a relay without a name has its URL for one", name)
		}
		byName[name] = r
		p.roster = append(p.roster, r)
		return nil
	}
	for _, url := range p.Servers {
		if err := add("servers", url, url, &Settings{TLS: TLS{ServerName: serverName}}, &p.Settings); err != nil {
			return nil, err
		}
	}
	for i, r := range p.Relays {
		name, where := r.Name, fmt.Sprintf("relay %q", r.Name)
		if name == "" {
			name, where = r.URL, fmt.Sprintf("relay %d", i+1)
		}
		if r.URL == "" {
			return nil, fmt.Errorf("%s: url is missing", where)
		}
		if err := r.Settings.validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if err := add(where, name, r.URL, &r.Settings, &p.Settings); err != nil {
			return nil, err
		}
	}
	return byName, nil
}

func (p *SMTPProbe) makeGroups(relays map[string]*relay) error {
	p.failover = make([]*group, 0, len(p.Groups))
	for i, g := range p.Groups {
		if slices.ContainsFunc(p.Groups[:i], func(other *Group) bool { return other.Name == g.Name }) {
			return fmt.Errorf("group name %q is given twice", g.Name)
		}
		made, err := newGroup(g, relays)
		if err != nil {
			return fmt.Errorf("group %q: %w", g.Name, err)
		}
		p.failover = append(p.failover, made)
	}
	return nil
}

// CheckInterval refuses timeouts that are not below the interval at which the
// caller is going to gather: one relay that hangs would put off all gathers.
func (p *SMTPProbe) CheckInterval(interval time.Duration) error {
	for _, r := range p.roster {
		if r.plan.Timeout >= interval {
			return fmt.Errorf("relay %q: timeout %q must be below the interval %q", r.name, r.plan.Timeout, interval)
		}
	}
	return nil
}

// SendAlways lets every probe of depth send send its message, whatever
// send_interval says. It is to be called before Gather.
func (p *SMTPProbe) SendAlways() { p.sendAlways = true }

// Start makes the plugin ready again after Stop.
func (p *SMTPProbe) Start(telegraf.Accumulator) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		p.life, p.end = context.WithCancel(context.Background())
	}
	return nil
}

// Stop ends a running gather, and returns when it has ended.
func (p *SMTPProbe) Stop() {
	p.mu.Lock()
	end := p.end
	p.mu.Unlock()
	if end == nil {
		return
	}
	end()
	p.running <- struct{}{}
	<-p.running
}

func (p *SMTPProbe) lifetime() context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.life
}

func init() {
	inputs.Add("smtpprobe", func() telegraf.Input { return New() })
}

// New is the plugin with its defaults, as Telegraf makes it.
func New() *SMTPProbe {
	return &SMTPProbe{
		MaxConcurrent: 100,
		engine: engine{
			probe:  func(ctx context.Context, p *smtpprobe.Prober) *smtpprobe.Result { return p.Probe(ctx) },
			expand: smtpprobe.Expand,
		},
	}
}
