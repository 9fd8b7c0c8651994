package smtpprobe

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// consistent checks what the settings mean together, once all are inherited.
func (s *Settings) consistent(t *smtpprobe.Target) error {
	return firstOf(
		s.consistentDepth(),
		s.consistentRoute(t),
		s.consistentCredentials(),
		s.consistentMessage(),
	)
}

func (s *Settings) consistentDepth() error {
	switch probe := *s.Probe; {
	case (probe == "rcpt" || probe == "send") && len(s.To) == 0:
		return fmt.Errorf("probe %q needs a recipient: to is empty", probe)
	case probe == "auth" && !mentionsCredentials(&s.Credentials):
		return errors.New(`probe "auth" needs credentials: set username and password, or a token`)
	}
	return nil
}

func (s *Settings) consistentRoute(t *smtpprobe.Target) error {
	version := *s.IPVersion
	source, host := parsedOrZero(*s.SourceAddress), parsedOrZero(t.Host)
	proxied := !emptySecret(s.ProxyURL)
	switch {
	case t.Socket != "" && (proxied || source.IsValid() || *s.ProxyProtocol != ""):
		return errors.New("proxy_url, source_address and proxy_protocol do not apply to a unix socket")
	case source.IsValid() && wrongVersion(version, source):
		return fmt.Errorf("source_address %q contradicts ip_version %q", source, version)
	case host.IsValid() && wrongVersion(version, host):
		return fmt.Errorf("the host %q contradicts ip_version %q", host, version)
	case host.IsValid() && source.IsValid() && !proxied && source.Is4() != host.Is4():
		return fmt.Errorf("source_address %q cannot reach the host %q: one is IPv4, the other IPv6", source, host)
	case proxied && *s.Addresses == "all":
		return errors.New(`addresses "all" does not go with proxy_url: the proxy resolves the host`)
	}
	return nil
}

func parsedOrZero(s string) netip.Addr {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}

func wrongVersion(version string, ip netip.Addr) bool {
	return version == "ipv4" && !ip.Is4() || version == "ipv6" && !ip.Is6()
}

// consistentMessage builds the message that a probe would send.
func (s *Settings) consistentMessage() error {
	if *s.Probe != "send" {
		return nil
	}
	headers, err := parseHeaders(s.Headers)
	if err != nil {
		return err
	}
	o := message.Options{From: *s.From, To: s.To, Helo: *s.Helo, Subject: *s.Subject, Body: *s.Body, Headers: make([]message.Header, len(headers))}
	for i, h := range headers {
		o.Headers[i] = message.Header(h)
	}
	if o.Helo == "" {
		// Not known before the first probe. The names of hosts are rarely longer.
		o.Helo = "host.name.example.org"
	}
	smallest, err := message.MinSize(o)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if size := int(*s.MessageSize); size != 0 && size < smallest {
		return errors.New("message_size " + strconv.Itoa(size) + " is below the " + strconv.Itoa(smallest) + " octets that its header and body need")
	}
	return nil
}
