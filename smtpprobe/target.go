package smtpprobe

import (
	"crypto/tls"
	"net/netip"
)

// TLSMode says when a session is encrypted. Its text is the metric tag "tls".
type TLSMode string

// The TLS modes.
const (
	TLSNever         TLSMode = "never"
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where offered, reported, never fatal on its certificate
	TLSRequired      TLSMode = "required"      // STARTTLS or failure
	TLSImplicit      TLSMode = "implicit"      // RFC 8314 §3
)

// Target is one relay to talk to, and how to reach it.
type Target struct {
	Host   string     // name or IP literal without brackets; empty for a unix socket
	Port   uint16     // 0 for a unix socket
	Socket string     // path of a unix socket, LMTP only
	IP     netip.Addr // connect here instead of resolving Host, if valid
	LMTP   bool       // RFC 2033: LHLO, one reply per recipient after the dot
	Domain string     // of which Host is an MX, if so

	TLS TLSMode // empty is TLSNever
	// TLSConfig is the base of every handshake, nil for Go's defaults.
	// ServerName defaults to Host. InsecureSkipVerify makes a bad certificate
	// a report instead of a failure.
	TLSConfig *tls.Config

	Route Route
}

// Route says how packets get to the relay. The zero value is the direct way.
type Route struct {
	IPVersion     IPVersion
	SourceAddress netip.Addr    // local address to bind, if valid
	ProxyURL      string        // socks5://[user:pass@]host:port or http:// (CONNECT); secret
	ProxyProtocol ProxyProtocol // header sent ahead of everything else
	DNSServer     string        // host:port of the resolver, default the system's
}

// IPVersion restricts the addresses of a host that are used.
type IPVersion string

// The IP versions.
const (
	AnyIP IPVersion = ""
	IPv4  IPVersion = "ipv4"
	IPv6  IPVersion = "ipv6"
)

// ProxyProtocol is the version of HAProxy's PROXY protocol header.
type ProxyProtocol string

// The versions.
const (
	NoProxyProtocol ProxyProtocol = ""
	ProxyV1         ProxyProtocol = "v1"
	ProxyV2         ProxyProtocol = "v2"
)
