package smtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/influxdata/telegraf/config"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/policy"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	// maxRecipients is the number that every relay accepts (RFC 5321 §4.5.3.1.8).
	maxRecipients  = 100
	maxMessageSize = 256 << 20
)

// spec is the parsed form of Settings that probes need. Relays that inherit all
// settings share one.
type spec struct {
	prober smtpprobe.Prober // each probe adds the proxy
	plan   smtpprobe.Plan   // each probe adds the secrets
	proxy  token.Secret     // nil: no proxy
	login  *login           // nil: no AUTH

	sendInterval time.Duration
	backoff      time.Duration
}

// draft is a spec with the settings that become part of the relays.
type draft struct {
	*spec
	starttls  smtpprobe.TLSMode
	ipVersion smtpprobe.IPVersion
	source    netip.Addr     // local address to bind, if valid
	all       bool           // probe each address
	mechanism string         // in upper case
	policies  *policy.Source // nil: not reported
}

// shared holds the parts that relays with different settings may share.
type shared struct {
	tls      tlsConfigs
	tokens   tokenSources
	policies policySources
	checked  map[*config.Secret]bool
}

// parse parses settings and refuses invalid values. It does not check combinations
// of settings.
func (s *Settings) parse(parts *shared) (*draft, error) {
	p := &draft{spec: &spec{}}
	for _, part := range []func(*draft) error{
		s.parseDepth, s.parseTimes, s.parseHelo, s.parseRoute, s.parseEnvelope, s.parseMessage, s.parseExpect,
	} {
		if err := part(p); err != nil {
			return nil, err
		}
	}
	p.plan.Depth = p.plan.Reaches() // the tag probe is the actual depth
	if err := firstError(s.parseMechanism(p), s.checkScopes(), s.checkSecrets(parts.checked)); err != nil {
		return nil, err
	}
	var err error
	if p.prober.TLS, err = parts.tls.config(s); err != nil {
		return nil, err
	}
	return p, s.parsePolicy(p, parts.policies)
}

// draft parses and checks the complete settings of a relay.
func (s *Settings) draft(parts *shared) (*draft, error) {
	d, err := s.parse(parts)
	if err != nil {
		return nil, err
	}
	err = d.complete(s, parts)
	return d, err
}

// complete refuses contradictory settings and sets the parts of the draft that
// depend on several settings.
func (p *draft) complete(s *Settings, parts *shared) error {
	err := firstError(s.checkDepth(), s.Credentials.check(p.mechanism), p.checkAddresses(), p.checkMessage())
	if err != nil || !p.authenticates() || !s.Credentials.present() {
		return err
	}
	p.login, err = newLogin(s, p.mechanism, parts.tokens)
	return err
}

// oneOf refuses a value that is not among the choices of a setting.
func oneOf(setting, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	shown := slices.DeleteFunc(choices, func(c string) bool { return c == "" })
	return fmt.Errorf("invalid %s %q: must be one of %s", setting, value, strings.Join(shown, ", "))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Settings) parseDepth(p *draft) error {
	p.plan.Depth = smtpprobe.Depth(s.Probe)
	p.starttls = smtpprobe.TLSMode(s.STARTTLS)
	p.all = s.Addresses == "all"
	return firstError(
		oneOf("probe", s.Probe, "connect", "ehlo", "auth", "rcpt", "send"),
		oneOf("starttls", s.STARTTLS, "opportunistic", "required", "never"),
		oneOf("addresses", s.Addresses, "first", "all"),
	)
}

func (s *Settings) parseTimes(p *draft) error {
	for _, d := range []struct {
		setting  string
		value    config.Duration
		positive bool
		to       *time.Duration
	}{
		{"timeout", s.Timeout, true, &p.prober.Timeout},
		{"connect_timeout", s.ConnectTimeout, true, &p.prober.ConnectTimeout},
		{"read_timeout", s.ReadTimeout, false, &p.prober.ReadTimeout},
		{"send_interval", s.SendInterval, false, &p.sendInterval},
		{"backoff", s.Backoff, false, &p.backoff},
	} {
		*d.to = time.Duration(d.value)
		switch {
		case d.value < 0:
			return fmt.Errorf("invalid %s %q: must not be negative", d.setting, *d.to)
		case d.value == 0 && d.positive:
			return fmt.Errorf("invalid %s %q: must be positive", d.setting, *d.to)
		}
	}
	return nil
}

// parseHelo accepts the argument of EHLO (RFC 5321 §4.1.1.1): a domain or an
// address literal.
func (s *Settings) parseHelo(p *draft) error {
	p.prober.Helo = s.Helo
	if s.Helo == "" {
		return nil
	}
	if inner, ok := strings.CutPrefix(s.Helo, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(strings.TrimPrefix(inner, "IPv6:"))
		if !closed || err != nil || ip.Is6() != strings.HasPrefix(inner, "IPv6:") {
			return fmt.Errorf("invalid helo %q: must be an address literal such as [192.0.2.1] or [IPv6:2001:db8::1]", s.Helo)
		}
		return nil
	}
	var err error
	if p.prober.Helo, err = hostname.ASCII(s.Helo); err != nil {
		return fmt.Errorf("invalid helo %q: must be a host name or an address literal", s.Helo)
	}
	return nil
}

func (s *Settings) parseRoute(p *draft) error {
	if err := firstError(
		oneOf("ip_version", s.IPVersion, "any", "ipv4", "ipv6"),
		oneOf("proxy_protocol", s.ProxyProtocol, "", "v1", "v2"),
	); err != nil {
		return err
	}
	if s.IPVersion != "any" {
		p.ipVersion = smtpprobe.IPVersion(s.IPVersion)
	}
	p.prober.ProxyHeader = map[string]smtpprobe.ProxyHeader{"v1": smtpprobe.ProxyV1, "v2": smtpprobe.ProxyV2}[s.ProxyProtocol]
	p.prober.AllowPrivateMX = s.AllowPrivateMX
	p.proxy = lazily("proxy_url", s.ProxyURL)
	if s.SourceAddress != "" {
		ip, err := netip.ParseAddr(s.SourceAddress)
		if err != nil {
			return fmt.Errorf("invalid source_address %q: must be an IP address", s.SourceAddress)
		}
		p.source = ip
		p.prober.Dialer = dial.Direct{Source: ip}
	}
	server, err := parseDNSServer(s.DNSServer)
	if server != "" {
		p.prober.Resolver = dial.NameServer(server)
	}
	return err
}

// parseDNSServer parses an IP address with or without a port. A host name is
// invalid, since resolving it would need another resolver.
func parseDNSServer(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return net.JoinHostPort(ip.String(), "53"), nil
	}
	if addr, err := netip.ParseAddrPort(s); err == nil && addr.Port() != 0 {
		return s, nil
	}
	return "", fmt.Errorf("invalid dns_server %q: must be an IP address, with or without a port", s)
}

func (s *Settings) parseEnvelope(p *draft) error {
	if _, _, err := message.ParseSender(s.From); err != nil {
		return fmt.Errorf("invalid from: %w", err)
	}
	if len(s.To) > maxRecipients {
		return fmt.Errorf("too many recipients in to: %d, at most %d", len(s.To), maxRecipients)
	}
	for i, to := range s.To {
		if _, _, err := message.ParseAddress(to); err != nil {
			return fmt.Errorf("invalid to: %w", err)
		}
		if slices.Contains(s.To[:i], to) {
			return fmt.Errorf("duplicate recipient %q in to", to)
		}
	}
	p.plan.From, p.plan.To = s.From, s.To
	return nil
}

func (s *Settings) parseMessage(p *draft) error {
	m := smtpprobe.Message{Subject: s.Subject, Body: s.Body, Size: int(s.MessageSize)}
	switch {
	case s.MessageSize < 0:
		return fmt.Errorf("invalid message_size %d: must not be negative", s.MessageSize)
	case s.MessageSize > maxMessageSize:
		return fmt.Errorf("invalid message_size %d: must be at most %d (256 MiB)", s.MessageSize, maxMessageSize)
	case !utf8.ValidString(s.Body):
		return errors.New("invalid body: must be UTF-8")
	}
	if err := oneLine("subject", s.Subject); err != nil {
		return err
	}
	for _, line := range s.Headers {
		if err := oneLine("headers", line); err != nil {
			return err
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" {
			return fmt.Errorf(`invalid headers %q: must have the form "Name: value"`, line)
		}
		m.Headers = append(m.Headers, smtpprobe.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	p.plan.Message = m
	return nil
}

// oneLine refuses a value that would inject a command or a header field.
func oneLine(setting, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return fmt.Errorf("invalid %s %q: must not contain CR, LF or NUL", setting, value)
	}
	return nil
}

func (s *Settings) parseExpect(p *draft) error {
	for _, text := range s.Expect {
		e, err := parseExpectation(text)
		if err != nil {
			return fmt.Errorf("invalid expect %q: %w", text, err)
		}
		p.plan.Expect = append(p.plan.Expect, e)
	}
	return nil
}

// parseExpectation parses class[/reason][:code[:phase]].
func parseExpectation(text string) (smtpprobe.Expectation, error) {
	var e smtpprobe.Expectation
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return e, errors.New("must have the form class[/reason][:code[:phase]]")
	}
	class, reason, hasReason := strings.Cut(parts[0], "/")
	var err error
	if e.Class, err = smtperr.ParseClass(class); err != nil {
		return e, err
	}
	if hasReason {
		if e.Reason, err = smtperr.ParseReason(reason); err != nil {
			return e, err
		}
	}
	if len(parts) > 1 {
		code, err := strconv.Atoi(parts[1])
		if err != nil || code < 200 || code > 599 || len(parts[1]) != 3 {
			return e, fmt.Errorf("reply code %q must be from 200 to 599", parts[1])
		}
		e.Code = code
	}
	if len(parts) > 2 {
		if e.Phase, err = smtperr.ParsePhase(parts[2]); err != nil {
			return e, err
		}
	}
	if e.Class == smtperr.ClassNone && text != "none" {
		return e, errors.New("none has no reason, code or phase")
	}
	return e, nil
}

// expectsFailure reports whether a probe succeeds only by an expected failure.
func (p *spec) expectsFailure() bool {
	return len(p.plan.Expect) > 0 &&
		!slices.ContainsFunc(p.plan.Expect, func(e smtpprobe.Expectation) bool { return e.Class == smtperr.ClassNone })
}

func (s *Settings) checkDepth() error {
	switch {
	case (s.Probe == "rcpt" || s.Probe == "send") && len(s.To) == 0:
		return fmt.Errorf("probe %q needs a recipient: to is empty", s.Probe)
	case s.Probe == "auth" && !s.Credentials.present():
		return errors.New(`probe "auth" needs credentials: set username and password, or a token`)
	}
	return nil
}

func (p *draft) checkAddresses() error {
	version, source := p.ipVersion, p.source
	switch {
	case contradicts(version, source):
		return fmt.Errorf("source_address %q contradicts ip_version %q", source, version)
	case p.proxy != nil && p.all:
		return errors.New(`addresses "all" cannot be used with proxy_url: the proxy resolves the host`)
	}
	return nil
}

// checkTarget refuses a target that contradicts the settings.
func (p *draft) checkTarget(t *smtpprobe.Target) error {
	version, source := p.ipVersion, p.source.Unmap()
	var host netip.Addr
	if ip, err := netip.ParseAddr(t.Host); err == nil {
		host = ip.Unmap()
	}
	proxied := p.proxy != nil
	switch {
	case t.Socket != "" && proxied:
		return errors.New("proxy_url does not apply to a unix socket")
	case t.Socket != "" && source.IsValid():
		return fmt.Errorf("source_address %q does not apply to a unix socket", source)
	case t.Socket != "" && p.prober.ProxyHeader != smtpprobe.NoProxyHeader:
		return errors.New("proxy_protocol does not apply to a unix socket")
	case contradicts(version, host):
		return fmt.Errorf("host %q contradicts ip_version %q", host, version)
	case host.IsValid() && source.IsValid() && !proxied && source.Is4() != host.Is4():
		return fmt.Errorf("source_address %q cannot reach host %q: one is IPv4, the other IPv6", source, host)
	}
	return nil
}

func contradicts(version smtpprobe.IPVersion, ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsValid() && (version == smtpprobe.IPv4 && !ip.Is4() || version == smtpprobe.IPv6 && !ip.Is6())
}

// checkMessage refuses a message that cannot be built.
func (p *draft) checkMessage() error {
	if p.plan.Depth != smtpprobe.DepthSend {
		return nil
	}
	return p.checkMessageOf(p.plan.Message)
}

// checkMessageOf refuses a message that cannot be built, whatever the depth.
func (p *spec) checkMessageOf(m smtpprobe.Message) error {
	o := message.Options{
		Envelope: message.Envelope{From: p.plan.From, To: p.plan.To, Helo: p.prober.Helo},
		Content:  m,
	}
	if o.Helo == "" {
		// The host name is read by the first probe. This is longer than most.
		o.Helo = "host.name.example.org"
	}
	smallest, err := message.MinSize(o)
	if err != nil {
		return fmt.Errorf("invalid headers: %w", err)
	}
	if m.Size != 0 && m.Size < smallest {
		return fmt.Errorf("invalid message_size %d: header and body need at least %d bytes", m.Size, smallest)
	}
	return nil
}
