package smtpprobe

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
)

// DefaultTimeout bounds a probe whose Prober has no Timeout.
const DefaultTimeout = 30 * time.Second

// Prober probes relays. The zero value works. A Prober keeps nothing between
// probes and is safe for concurrent use, as long as its fields do not change.
type Prober struct {
	// Dialer connects to addresses and unix sockets. The default is a net.Dialer
	// without keepalives.
	Dialer Dialer
	// Proxy, if set, connects to host:port in place of Dialer, and resolves the
	// host itself: there is no phase dns.
	Proxy Dialer
	// Resolver finds addresses and MX hosts. The default is the system's.
	Resolver Resolver
	// TLS is the base of each handshake. The default requires TLS 1.2.
	// ServerName defaults to the target's host. InsecureSkipVerify makes a bad
	// certificate a report instead of a failure.
	TLS *tls.Config
	// Authenticator makes the client side of AUTH. The default has PLAIN, LOGIN,
	// CRAM-MD5, SCRAM-SHA-1 and SCRAM-SHA-256 (also -PLUS), XOAUTH2, OAUTHBEARER
	// and EXTERNAL, and picks the strongest that is offered.
	Authenticator Authenticator

	// Helo is the argument of EHLO. The default is this host's fully qualified
	// name, else the address literal of the connection (RFC 5321 §4.1.4).
	Helo string
	// ProxyHeader is the version of the PROXY protocol header that is sent ahead
	// of everything else. The default is none.
	ProxyHeader ProxyHeader
	// AllowPrivateMX permits MX records to lead to addresses that are not
	// reachable over the internet, such as 127.0.0.1: the zone is a stranger's.
	AllowPrivateMX bool
	// Secrets are texts to mask in the Result besides the passwords and tokens of
	// the Plan, such as a proxy's password.
	Secrets []string

	// Timeout bounds the whole probe; QUIT may take one second longer. 0 is
	// DefaultTimeout.
	Timeout time.Duration
	// ConnectTimeout bounds each lookup and each attempt to connect, ReadTimeout
	// each reply and the TLS handshake. 0 leaves that to Timeout.
	ConnectTimeout, ReadTimeout time.Duration
}

// Dialer connects to an address: network "tcp" with an IP address and port, or
// "unix" with a path. A *net.Dialer is one.
type Dialer interface {
	// DialContext connects before the context ends.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Resolver finds the addresses of a host (of network "ip4" or "ip6") and the MX
// records of a domain. A *net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns the addresses of a host; the network is ip4 or ip6.
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupMX returns the MX records of a domain.
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Authenticator makes the client side of one SASL exchange.
type Authenticator interface {
	// Client picks one of the offered mechanisms, or the one that is asked for
	// by name. The state is nil without TLS.
	Client(offered []string, mechanism string, c Credentials, state *tls.ConnectionState) (Mechanism, error)
}

// Credentials are what an Authenticator has to log in with.
type Credentials = sasl.Credentials

// Mechanism is the client side of a SASL exchange. Its errors should be
// *smtperr.Error.
type Mechanism = sasl.Client

// ProxyHeader is the version of HAProxy's PROXY protocol header.
type ProxyHeader uint8

// The versions of the PROXY protocol header.
const (
	NoProxyHeader ProxyHeader = 0
	ProxyV1       ProxyHeader = 1 // text
	ProxyV2       ProxyHeader = 2 // binary
)

// Probe runs one session with the target and always returns a Result. If the
// context is canceled, the class is canceled; if its deadline or Timeout passes,
// that is the timeout of the phase it interrupts. Nothing of the session
// outlives the call.
func (p *Prober) Probe(ctx context.Context, t Target, plan Plan) *Result {
	s := newSession(ctx, p, t, plan)
	if err := s.prepare(); err != nil {
		s.failed(err)
	} else {
		s.run()
	}
	return s.finish()
}

func (p *Prober) timeout() time.Duration {
	if p.Timeout <= 0 {
		return DefaultTimeout
	}
	return p.Timeout
}

func (p *Prober) dialer() Dialer {
	if p.Dialer == nil {
		return dial.Direct{}
	}
	return p.Dialer
}

func (p *Prober) authenticator() Authenticator {
	if p.Authenticator == nil {
		return sasl.Builtin{}
	}
	return p.Authenticator
}

func (p *Prober) lookup(t *Target) dial.Lookup {
	return dial.Lookup{Resolver: p.Resolver, Network: t.IPVersion.network(), Timeout: p.ConnectTimeout}
}
