package smtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/influxdata/telegraf/config"
	"golang.org/x/net/idna"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// maxRecipients is what every relay has to take (RFC 5321 §4.5.3.1.8).
const maxRecipients = 100

var (
	probes        = []string{"connect", "ehlo", "auth", "rcpt", "send"}
	starttlsModes = []string{"opportunistic", "required", "never"}
	mechanisms    = []string{
		"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
		"XOAUTH2", "OAUTHBEARER", "EXTERNAL",
	}
)

// validate checks each value that is mentioned, and brings it into the form
// that the engine wants. What values mean together is checked when all are
// inherited.
func (s *Settings) validate() error {
	return firstOf(
		choice("probe", s.Probe, probes...),
		choice("starttls", s.STARTTLS, starttlsModes...),
		choice("addresses", s.Addresses, "first", "all"),
		choice("ip_version", s.IPVersion, "any", "ipv4", "ipv6"),
		choice("proxy_protocol", s.ProxyProtocol, "", "v1", "v2"),
		positive("timeout", s.Timeout),
		positive("connect_timeout", s.ConnectTimeout),
		notNegative("read_timeout", s.ReadTimeout),
		notNegative("send_interval", s.SendInterval),
		notNegative("backoff", s.Backoff),
		s.validateHelo(),
		s.validateMechanism(),
		s.validateScopes(),
		s.validateEnvelope(),
		s.validateExpect(),
		s.validateAddress("source_address", s.SourceAddress),
		s.validateDNSServer(),
		s.validateSecrets(),
		s.TLS.validate(),
	)
}

// firstOf is the first mistake.
func firstOf(mistakes ...error) error {
	for _, err := range mistakes {
		if err != nil {
			return err
		}
	}
	return nil
}

func choice(name string, value *string, choices ...string) error {
	if value == nil || slices.Contains(choices, *value) {
		return nil
	}
	return fmt.Errorf("%s %q is none of %s", name, *value, strings.Join(slices.DeleteFunc(slices.Clone(choices), func(c string) bool { return c == "" }), ", "))
}

func positive(name string, d *config.Duration) error {
	if d != nil && *d <= 0 {
		return fmt.Errorf("%s %q must be positive", name, time.Duration(*d))
	}
	return nil
}

func notNegative(name string, d *config.Duration) error {
	if d != nil && *d < 0 {
		return fmt.Errorf("%s %q must not be negative", name, time.Duration(*d))
	}
	return nil
}

// oneLine refuses what would end a command early.
func oneLine(name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return fmt.Errorf("%s %q must not contain CR, LF or NUL", name, value)
	}
	return nil
}

// validateHelo wants the argument of EHLO (RFC 5321 §4.1.1.1): a domain or an
// address literal.
func (s *Settings) validateHelo() error {
	helo := or(s.Helo)
	if helo == "" {
		return nil
	}
	if err := oneLine("helo", helo); err != nil {
		return err
	}
	if inner, ok := strings.CutPrefix(helo, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(strings.TrimPrefix(inner, "IPv6:"))
		if !closed || err != nil || ip.Is6() != strings.HasPrefix(inner, "IPv6:") {
			return fmt.Errorf("helo %q is not an address literal like [192.0.2.1] or [IPv6:2001:db8::1]", helo)
		}
		return nil
	}
	name := helo
	if !isASCII(helo) {
		var err error
		if name, err = idna.Lookup.ToASCII(helo); err != nil {
			return fmt.Errorf("helo %q is not a valid internationalized name", helo)
		}
	}
	if checkHostName(name) != nil {
		return fmt.Errorf("helo %q is neither a host name nor an address literal", helo)
	}
	s.Helo = &name
	return nil
}

func (s *Settings) validateMechanism() error {
	if or(s.AuthMechanism) == "" {
		return nil
	}
	upper := strings.ToUpper(*s.AuthMechanism)
	if !slices.Contains(mechanisms, upper) {
		return fmt.Errorf("auth_mechanism %q is none of %s", *s.AuthMechanism, strings.Join(mechanisms, ", "))
	}
	s.AuthMechanism = &upper
	return nil
}

func (s *Settings) validateScopes() error {
	for _, scope := range s.Scopes {
		if err := oneLine("scopes", scope); err != nil {
			return err
		}
		if scope == "" {
			return errors.New("scopes holds an empty one")
		}
	}
	return nil
}

func (s *Settings) validateEnvelope() error {
	if s.From != nil {
		if _, _, err := message.ParseSender(*s.From); err != nil {
			return fmt.Errorf("from: %w", err)
		}
	}
	if len(s.To) > maxRecipients {
		return fmt.Errorf("to has %d recipients, more than %d", len(s.To), maxRecipients)
	}
	for i, to := range s.To {
		if _, _, err := message.ParseAddress(to); err != nil {
			return fmt.Errorf("to: %w", err)
		}
		if slices.Contains(s.To[:i], to) {
			return fmt.Errorf("to names %q twice", to)
		}
	}
	if or(s.MessageSize) < 0 {
		return fmt.Errorf("message_size %d must not be negative", *s.MessageSize)
	}
	if !utf8.ValidString(or(s.Body)) {
		return errors.New("body is not UTF-8")
	}
	if err := oneLine("subject", or(s.Subject)); err != nil {
		return err
	}
	_, err := parseHeaders(s.Headers)
	return err
}

// parseHeaders cuts "Name: value".
func parseHeaders(lines []string) ([]smtpprobe.Header, error) {
	headers := make([]smtpprobe.Header, 0, len(lines))
	for _, line := range lines {
		if err := oneLine("headers", line); err != nil {
			return nil, err
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" {
			return nil, fmt.Errorf(`headers: %q is not of the form "Name: value"`, line)
		}
		headers = append(headers, smtpprobe.Header{Name: name, Value: strings.TrimSpace(value)})
	}
	return headers, nil
}

func (s *Settings) validateExpect() error {
	_, err := parseExpectations(s.Expect)
	return err
}

func (*Settings) validateAddress(name string, value *string) error {
	if or(value) == "" {
		return nil
	}
	if _, err := netip.ParseAddr(*value); err != nil {
		return fmt.Errorf("%s %q is not an IP address", name, *value)
	}
	return nil
}

// validateDNSServer takes an IP address with or without a port: a name would
// need a resolver to find the resolver.
func (s *Settings) validateDNSServer() error {
	given := or(s.DNSServer)
	if given == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(strings.Trim(given, "[]")); err == nil {
		s.DNSServer = ptr(net.JoinHostPort(ip.String(), "53"))
		return nil
	}
	if addr, err := netip.ParseAddrPort(given); err == nil && addr.Port() != 0 {
		return nil
	}
	return fmt.Errorf("dns_server %q is not an IP address, with or without a port", given)
}
