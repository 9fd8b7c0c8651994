package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Proxy is a Dialer that connects through a proxy, which resolves host names
// itself. Make one with ParseProxy; it holds the login, so do not print it with
// %+v.
type Proxy struct {
	// Dialer and Lookup lead to the proxy itself. Their zero values work.
	Dialer Dialer
	Lookup Lookup
	// Timeout bounds each attempt to reach the proxy, and the proxy's own part;
	// 0 leaves that to the context.
	Timeout time.Duration

	scheme         string
	host           string
	port           uint16
	user, password string
}

var errProxyURL = errors.New("is not of the form socks5://host:port or http://host:port, with user:password@ in front of the host if the proxy needs it")

// ParseProxy reads socks5://[user:password@]host:port (RFC 1928, RFC 1929) or
// http://[user:password@]host:port (CONNECT, RFC 9110 §9.3.6). Its error says
// what the URL "is not" or "has", and never repeats it: it may contain a
// password.
func ParseProxy(raw string) (*Proxy, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "socks5" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errProxyURL
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return nil, errProxyURL
	}
	p := &Proxy{scheme: u.Scheme, host: u.Hostname(), port: uint16(port), user: u.User.Username()}
	p.password, _ = u.User.Password()
	if _, err := netip.ParseAddr(p.host); err != nil {
		if _, err := hostname.ASCII(p.host); err != nil {
			return nil, errProxyURL
		}
	}
	if err := p.checkLogin(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Proxy) checkLogin() error {
	const longest = 255 // bytes, of each (RFC 1929 §2)
	switch {
	case p.user == "" && p.password == "":
		return nil
	case p.user == "":
		return errors.New("has a password without a user")
	case p.scheme == "socks5" && (len(p.user) > longest || len(p.password) > longest):
		return errors.New("has a user or password longer than the 255 bytes that SOCKS5 takes")
	case p.scheme == "http" && strings.Contains(p.user, ":"): // RFC 7617 §2
		return errors.New("has a user with a colon, which HTTP does not take")
	}
	return nil
}

// String is the proxy without its login.
func (p *Proxy) String() string { return p.scheme + "://" + p.address() }

// Secrets are what nothing may show.
func (p *Proxy) Secrets() []string { return []string{p.password} }

func (p *Proxy) address() string { return net.JoinHostPort(p.host, strconv.Itoa(int(p.port))) }

// handshakes ask a proxy, on a connection to it, to connect to host:port, and
// take not one byte of what follows its consent.
var handshakes = map[string]func(ctx context.Context, p *Proxy, conn net.Conn, address string) error{
	"socks5": socks,
	"http":   httpConnect,
}

// DialContext connects to host:port through the proxy. All that fails is of
// phase connect:
//
//   - The proxy itself is not reached: the class of that failure; its text names
//     the proxy. A connection that the proxy drops is a connect_error.
//   - The proxy refuses, for whatever reason, or is not a proxy:
//     connect_error/proxy_refused. That is the configuration's fault.
//   - The proxy reports that it did not reach the relay: connect_error with the
//     reason it gives, or connect_timeout.
//
// The proxy gets as long for its part as a direct attempt would.
func (p *Proxy) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, p.failed(smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err))
	}
	if _, err := netip.ParseAddr(host); err != nil {
		if host, err = hostname.ASCII(host); err != nil {
			return nil, p.failed(smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err))
		}
	}
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, p.failed(err)
	}
	step, cancel := within(ctx, p.Timeout)
	defer cancel()
	err = handshakes[p.scheme](step, p, conn, net.JoinHostPort(host, port))
	if err == nil {
		return conn, nil
	}
	conn.Close()
	if ended := step.Err(); ended != nil {
		err = ended
	}
	return nil, p.failed(stalled(step, err))
}

// connect reaches the proxy itself.
func (p *Proxy) connect(ctx context.Context) (net.Conn, error) {
	addrs, err := p.Lookup.Addrs(ctx, p.host)
	if err != nil {
		return nil, err
	}
	dialer := p.Dialer
	if dialer == nil {
		dialer = Direct{}
	}
	return Attempts{Dialer: dialer, Timeout: p.Timeout}.Dial(ctx, addrs, p.port)
}

// failed classifies what went wrong on the way to or through the proxy.
func (p *Proxy) failed(err error) error {
	e, ok := errors.AsType[*smtperr.Error](smtperr.Classify(smtperr.PhaseConnect, err))
	if !ok {
		return err
	}
	own := *e
	own.Phase = smtperr.PhaseConnect
	own.Cause = fmt.Errorf("proxy %s: %w", p, e.Cause)
	return &own
}

// refused is a proxy that does not do what it is asked to.
func refused(why string) error {
	return smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, errors.New(why))
}

// unreached is a relay that the proxy did not reach.
func unreached(class smtperr.Class, reason smtperr.Reason, why string) error {
	return smtperr.New(class, reason, smtperr.PhaseConnect, errors.New(why))
}
