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

// TLSMode says when a session is encrypted. Its text is the metric tag "tls".
type TLSMode string

// The TLS modes.
const (
	TLSNever         TLSMode = "never"
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where offered; a bad certificate is reported, not fatal
	TLSRequired      TLSMode = "required"      // STARTTLS or failure
	TLSImplicit      TLSMode = "implicit"      // RFC 8314 §3
)

// Target is one relay, or the mail domain or host that Targets resolves to
// relays.
type Target struct {
	Host   string     // name, or IP literal without brackets; empty for a unix socket or an unresolved Domain
	Port   uint16     // 0 for a unix socket
	Socket string     // path of a unix socket
	IP     netip.Addr // if valid, connect to this address instead of resolving Host
	LMTP   bool       // speak LMTP (RFC 2033): LHLO, and one reply per recipient after the dot
	Domain string     // the mail domain that Host is an MX host of, if any
	TLS    TLSMode    // empty is TLSNever

	// IPVersion restricts the addresses that are used.
	IPVersion IPVersion
	// AllAddresses makes Targets return one target for each address of a host.
	AllAddresses bool
	// Omitted is set by Targets: how many more targets it found than it returned.
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

// network is the version in package net's terms.
func (v IPVersion) network() string {
	switch v {
	case IPv4:
		return "ip4"
	case IPv6:
		return "ip6"
	}
	return "ip"
}

// check refuses a target that cannot be connected to, and a misspelt TLS mode,
// which would go in the clear.
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

// lookupName is the host's name for a resolver. An MX record names a host
// completely: the final dot keeps this machine's search list out.
func (t *Target) lookupName() string {
	if _, err := netip.ParseAddr(t.Host); err == nil || t.Domain == "" {
		return t.Host
	}
	return strings.TrimSuffix(t.Host, ".") + "."
}

// proxyAddress is what a proxy is asked to connect to.
func (t *Target) proxyAddress() string {
	host := t.Host
	if t.IP.IsValid() {
		host = t.IP.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(t.Port)))
}
