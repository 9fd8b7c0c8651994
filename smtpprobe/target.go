package smtpprobe

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// TLSMode selects when a session is encrypted. It is the value of the metric tag
// "tls".
type TLSMode string

// The TLS modes.
const (
	TLSNever         TLSMode = "never"
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS if it is offered; a bad certificate is reported, but is not an error
	TLSRequired      TLSMode = "required"      // STARTTLS; its absence is an error
	TLSImplicit      TLSMode = "implicit"      // RFC 8314 §3
)

// Target is a relay, or a mail domain or host that Targets resolves to relays.
type Target struct {
	Host   string     // name, or IP literal without brackets; empty for a unix socket or an unresolved Domain
	Port   uint16     // 0 for a unix socket
	Socket string     // path of a unix socket
	IP     netip.Addr // if valid, the address to connect to; Host is not resolved
	LMTP   bool       // LMTP (RFC 2033): LHLO, and one reply per recipient after the dot
	Domain string     // the mail domain whose MX host is Host, if any
	TLS    TLSMode    // empty means TLSNever

	// IPVersion restricts the addresses that are used.
	IPVersion IPVersion
	// AllAddresses makes Targets return one target for each address of a host.
	AllAddresses bool
	// Omitted is set by Targets to the number of targets beyond its limits.
	Omitted int
}

// IPVersion restricts the addresses of a host that are used.
type IPVersion string

// The IP versions.
const (
	AnyIP IPVersion = ""
	IPv4  IPVersion = "ipv4"
	IPv6  IPVersion = "ipv6"
)

// network returns the name of the network for package dial.
func (v IPVersion) network() string {
	switch v {
	case IPv4:
		return "ip4"
	case IPv6:
		return "ip6"
	}
	return "ip"
}

// check returns an error for an invalid target.
func (t *Target) check() error {
	switch t.TLS {
	case "", TLSNever, TLSOpportunistic, TLSRequired, TLSImplicit:
	default:
		return invalidPlan("", fmt.Errorf("invalid TLS mode %q: must be one of never, opportunistic, required, implicit", t.TLS))
	}
	switch t.IPVersion {
	case AnyIP, IPv4, IPv6:
	default:
		return invalidPlan("", fmt.Errorf("invalid IP version %q: must be ipv4 or ipv6", t.IPVersion))
	}
	if t.Port == 0 && t.Socket == "" {
		return invalidPlan(smtperr.ReasonInvalidPort, errors.New("a port or a unix socket is required"))
	}
	return nil
}

// lookupName returns the name for the resolver. The names in MX records are fully
// qualified: a final dot disables the search list of this machine.
func (t *Target) lookupName() string {
	if _, err := netip.ParseAddr(t.Host); err == nil || t.Domain == "" {
		return t.Host
	}
	return strings.TrimSuffix(t.Host, ".") + "."
}

// proxyAddress returns the address for a proxy.
func (t *Target) proxyAddress() string {
	host := t.Host
	if t.IP.IsValid() {
		host = t.IP.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(t.Port)))
}
