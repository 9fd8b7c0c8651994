package route

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Proxy is a proxy's address and our login there.
type Proxy struct {
	scheme         string
	host           string
	port           uint16
	user, password string
}

var errProxyURL = errors.New("is not of the form socks5://[user:password@]host:port or http://[user:password@]host:port")

// ParseProxyURL reads socks5://[user:password@]host:port (RFC 1928, RFC 1929)
// or http://[user:password@]host:port (CONNECT, RFC 9110 §9.3.6). Its error says
// what the URL "is not" or "has", and never repeats it: it may have a password
// in it.
func ParseProxyURL(raw string) (Proxy, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "socks5" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return Proxy{}, errProxyURL
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return Proxy{}, errProxyURL
	}
	p := Proxy{scheme: u.Scheme, host: u.Hostname(), port: uint16(port), user: u.User.Username()}
	p.password, _ = u.User.Password()
	if _, err := netip.ParseAddr(p.host); err != nil {
		if _, invalid := asciiName(p.host); invalid != nil {
			return Proxy{}, errProxyURL
		}
	}
	return p, p.checkLogin()
}

func (p Proxy) checkLogin() error {
	const longest = 255 // octets, of each (RFC 1929 §2)
	switch {
	case p.user == "" && p.password == "":
		return nil
	case p.user == "":
		return errors.New("has a password without a user")
	case p.scheme == "socks5" && (len(p.user) > longest || len(p.password) > longest):
		return errors.New("has a user or password longer than the 255 octets that SOCKS5 takes")
	case p.scheme == "http" && strings.Contains(p.user, ":"): // RFC 7617 §2
		return errors.New("has a user with a colon, which HTTP does not take")
	}
	return nil
}

// String is the proxy without its login.
func (p Proxy) String() string { return p.scheme + "://" + p.address() }

func (p Proxy) address() string { return hostPort(p.host, p.port) }

func hostPort(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// handshakes ask a proxy, on a connection to it, to connect to host:port, and
// take not one octet of what follows its consent.
var handshakes = map[string]func(ctx context.Context, p Proxy, conn net.Conn, address string) error{
	"socks5": socks,
	"http":   httpConnect,
}

// DialHost connects through the proxy. The proxy resolves the host's name, so
// all that fails is of phase connect:
//
//   - The proxy itself is not reached: the class of that failure, its text names
//     the proxy. A connection that the proxy drops is a connect_error.
//   - The proxy does not want to, for whatever reason, or is none:
//     connect_error/proxy_refused. That is the configuration's fault.
//   - The proxy says that it did not reach the relay: connect_error with the
//     reason it gives, or connect_timeout.
//
// The proxy gets as long for its part as a direct attempt would.
func (c Config) DialHost(ctx context.Context, host string, port uint16) (net.Conn, error) {
	p, err := ParseProxyURL(c.ProxyURL)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConnect, fmt.Errorf("proxy_url %w", err))
	}
	if _, err := netip.ParseAddr(host); err != nil {
		name, invalid := asciiName(host)
		if invalid != nil {
			return nil, p.failed(invalid)
		}
		host = name
	}
	conn, err := c.dialProxy(ctx, p)
	if err != nil {
		return nil, p.failed(err)
	}
	step, cancel := c.step(ctx)
	defer cancel()
	err = handshakes[p.scheme](step, p, conn, hostPort(host, port))
	if err == nil {
		return conn, nil
	}
	conn.Close()
	if ended := step.Err(); ended != nil {
		err = ended
	}
	return nil, p.failed(err)
}

func (c Config) dialProxy(ctx context.Context, p Proxy) (net.Conn, error) {
	addrs, err := c.Resolve(ctx, p.host)
	if err != nil {
		return nil, err
	}
	return c.Dial(ctx, addrs, p.port)
}

// failed classifies what went wrong on the way to or through the proxy.
func (p Proxy) failed(err error) error {
	e := *classify(smtperr.PhaseConnect, err)
	e.Phase = smtperr.PhaseConnect
	e.Cause = fmt.Errorf("proxy %s: %w", p, e.Cause)
	return &e
}

// refused is a proxy that does not do what it is asked to.
func refused(why string) error {
	return smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, errors.New(why))
}

// unreached is a relay that the proxy did not reach.
func unreached(class smtperr.Class, reason smtperr.Reason, why string) error {
	return smtperr.New(class, reason, smtperr.PhaseConnect, errors.New(why))
}
