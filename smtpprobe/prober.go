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

// DefaultTimeout is the Timeout of a Prober that does not set one.
const DefaultTimeout = 30 * time.Second

// Prober holds the settings of probes. The zero value is ready to use. A Prober
// has no state, and is safe for concurrent use as long as its fields do not
// change.
type Prober struct {
	// Dialer connects to IP addresses and unix sockets. The default is a
	// net.Dialer without keepalives.
	Dialer Dialer
	// Proxy, if set, connects to host:port instead of Dialer. It resolves the host
	// itself, so that there is no phase dns.
	Proxy Dialer
	// Resolver looks up addresses and MX hosts. The default is the system's.
	Resolver Resolver
	// TLS is the configuration of TLS clients. The default requires TLS 1.2.
	// ServerName defaults to the target's host. With InsecureSkipVerify a bad
	// certificate is reported, but is not an error.
	TLS *tls.Config
	// Authenticator chooses the mechanism of AUTH. The default supports PLAIN,
	// LOGIN, CRAM-MD5, SCRAM-SHA-1 and SCRAM-SHA-256 (also -PLUS), XOAUTH2,
	// OAUTHBEARER and EXTERNAL, and chooses the strongest one that is offered.
	Authenticator Authenticator

	// Helo is the argument of EHLO. The default is this host's fully qualified
	// name, or the address literal of the connection if it has none (RFC 5321
	// §4.1.4).
	Helo string
	// ProxyHeader is the version of the PROXY protocol header to send first. The
	// default is to send none.
	ProxyHeader ProxyHeader
	// AllowPrivateMX permits connections to MX hosts with addresses that are not
	// reachable over the internet, such as 127.0.0.1. By default a domain cannot
	// direct probes into the local network.
	AllowPrivateMX bool
	// Secrets are masked in the Result, in addition to the passwords and tokens of
	// the Plan. An example is a proxy's password.
	Secrets []string

	// Timeout limits the whole probe; QUIT may take one second longer. Zero means
	// DefaultTimeout.
	Timeout time.Duration
	// ConnectTimeout limits each lookup and each attempt to connect, ReadTimeout
	// each reply and the TLS handshake. Zero means that only Timeout applies.
	ConnectTimeout, ReadTimeout time.Duration
}

// Dialer establishes connections. *net.Dialer implements it.
type Dialer interface {
	// DialContext connects to an address. The network is "tcp", with an IP address
	// and a port, or "unix", with a path.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Resolver looks up addresses and MX records. *net.Resolver implements it.
type Resolver interface {
	// LookupNetIP returns the addresses of a host. The network is "ip4" or "ip6".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	// LookupMX returns the MX records of a domain.
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// Authenticator chooses SASL mechanisms.
type Authenticator interface {
	// Client returns the client side of one of the offered mechanisms, or of the
	// mechanism with the given name if it is not empty. The state is nil without
	// TLS.
	Client(offered []string, mechanism string, c Credentials, state *tls.ConnectionState) (Mechanism, error)
}

// Credentials are the credentials for an Authenticator.
type Credentials = sasl.Credentials

// Mechanism is the client side of a SASL mechanism. Its errors should be of type
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

// Probe runs one session with the target. It always returns a Result. If the
// context is canceled, the error has class canceled. If its deadline or Timeout
// passes, the error is the timeout of the current phase. When Probe returns, the
// connection is closed and no goroutine is left.
func (p *Prober) Probe(ctx context.Context, t Target, plan Plan) *Result {
	return newSession(ctx, p, t, plan).run()
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
