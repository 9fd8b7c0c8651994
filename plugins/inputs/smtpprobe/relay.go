package smtpprobe

import (
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// relay is one configured relay, ready to be probed.
type relay struct {
	name   string
	target smtpprobe.Target
	plan   smtpprobe.Plan // without secrets and helo, which each probe adds
	all    bool           // a probe for every address
	login  *login         // nil: no AUTH
	proxy  func() (string, error)

	sendInterval time.Duration
	backoff      time.Duration

	tags map[string]string // but for probe, of which there are two with send_interval

	mu     sync.Mutex
	memory map[string]*memory // by what the name stands for
	named  []*memory          // what it stood for in the last gather, in order
}

// parts are what relays share.
type parts struct {
	tls    tlsConfigs
	tokens tokenSources
}

// newRelay makes a relay from settings that hold everything inherited.
func newRelay(name, url string, own, above *Settings, shared *parts) (*relay, error) {
	target, scheme, err := parseURL(url)
	if err != nil {
		return nil, fmt.Errorf("url %w", err)
	}
	if own.STARTTLS != nil && scheme.tls != "" {
		return nil, fmt.Errorf("starttls %q applies to smtp:// only, not to %q", *own.STARTTLS, url)
	}
	s := *own
	s.inherit(above)
	if err := s.consistent(&target); err != nil {
		return nil, err
	}
	if target.TLS == "" {
		target.TLS = smtpprobe.TLSMode(*s.STARTTLS)
	}
	if target.TLSConfig, err = shared.tls.config(&s.TLS); err != nil {
		return nil, err
	}
	target.Route = s.route()
	r := &relay{
		name:         name,
		target:       target,
		all:          *s.Addresses == "all",
		sendInterval: time.Duration(*s.SendInterval),
		backoff:      time.Duration(*s.Backoff),
		proxy:        lazily("proxy_url", s.ProxyURL),
		memory:       make(map[string]*memory),
	}
	if r.plan, err = s.plan(); err != nil {
		return nil, err
	}
	if r.login, err = s.login(shared); err != nil {
		return nil, err
	}
	r.tags = stableTags(name, &target)
	return r, nil
}

// route leaves the proxy out, which is secret.
func (s *Settings) route() smtpprobe.Route {
	route := smtpprobe.Route{
		ProxyProtocol: smtpprobe.ProxyProtocol(*s.ProxyProtocol),
		DNSServer:     *s.DNSServer,
	}
	if *s.IPVersion != "any" {
		route.IPVersion = smtpprobe.IPVersion(*s.IPVersion)
	}
	if ip, err := netip.ParseAddr(*s.SourceAddress); err == nil {
		route.SourceAddress = ip
	}
	return route
}

func (s *Settings) plan() (smtpprobe.Plan, error) {
	headers, err := parseHeaders(s.Headers)
	if err != nil {
		return smtpprobe.Plan{}, err
	}
	expected, err := parseExpectations(s.Expect)
	if err != nil {
		return smtpprobe.Plan{}, err
	}
	plan := smtpprobe.Plan{
		Depth:          smtpprobe.Depth(*s.Probe),
		Helo:           *s.Helo,
		Timeout:        time.Duration(*s.Timeout),
		ConnectTimeout: time.Duration(*s.ConnectTimeout),
		ReadTimeout:    time.Duration(*s.ReadTimeout),
		From:           *s.From,
		To:             s.To,
		Message:        smtpprobe.Message{Subject: *s.Subject, Body: *s.Body, Headers: headers, Size: int(*s.MessageSize)},
		Expect:         expected,
	}
	plan.Depth = plan.Reaches() // the tag probe tells what is done
	return plan, nil
}

// login is nil where a probe does not go as deep as AUTH, or has nothing to
// log in with.
func (s *Settings) login(shared *parts) (*login, error) {
	if *s.Probe == "connect" || *s.Probe == "ehlo" || !mentionsCredentials(&s.Credentials) {
		return nil, nil
	}
	tokens, err := shared.tokens.source(&s.Credentials)
	if err != nil {
		return nil, err
	}
	credentials := s.Credentials
	return &login{credentials: &credentials, cleartext: *s.AuthCleartext, tokens: tokens}, nil
}

// stableTags never change for a target.
func stableTags(name string, t *smtpprobe.Target) map[string]string {
	tags := map[string]string{"relay": name, "source": t.Host, "tls": string(t.TLS)}
	switch {
	case t.Socket != "":
		tags["source"] = t.Socket
	case t.Host == "":
		tags["source"] = t.Domain
	}
	if t.Port != 0 {
		tags["port"] = strconv.Itoa(int(t.Port))
	}
	if t.Domain != "" {
		tags["domain"] = t.Domain
	}
	return tags
}

// tagsOf are a target's stable tags.
func (r *relay) tagsOf(t *smtpprobe.Target) map[string]string {
	tags := maps.Clone(r.tags)
	if t.Host != "" {
		tags["source"] = t.Host
	}
	if t.IP.IsValid() {
		tags["ip"] = t.IP.String()
	}
	return tags
}

// expands tells whether the relay's name stands for targets that DNS names.
func (r *relay) expands() bool {
	return r.target.Socket == "" && (r.all || r.target.Domain != "")
}
