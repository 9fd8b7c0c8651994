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

// Proxy is a Dialer that connects through a proxy, which also resolves host names.
// It is made by ParseProxy. It contains the password, so do not print it with %+v.
type Proxy struct {
	// Dialer and Lookup connect to the proxy itself; nil means Direct.
	Dialer Dialer
	Lookup Lookup
	// Timeout bounds each attempt to connect to the proxy, and then the handshake
	// with it; 0 means that only the context limits the time.
	Timeout time.Duration

	scheme         string
	host           string
	port           uint16
	user, password string
}

var errProxyURL = errors.New("is not of the form socks5://host:port or http://host:port, with user:password@ in front of the host if the proxy needs it")

// ParseProxy parses socks5://[user:password@]host:port (RFC 1928, RFC 1929) or
// http://[user:password@]host:port (CONNECT, RFC 9110 §9.3.6). Its error completes
// a sentence about the URL, such as "has a password without a user". It never
// repeats the URL, which may contain a password.
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
	const maxLength = 255 // bytes, of each (RFC 1929 §2)
	switch {
	case p.user == "" && p.password == "":
		return nil
	case p.user == "":
		return errors.New("has a password without a user")
	case p.scheme == "socks5" && (len(p.user) > maxLength || len(p.password) > maxLength):
		return errors.New("has a user or password longer than the 255 bytes that SOCKS5 takes")
	case p.scheme == "http" && strings.Contains(p.user, ":"): // RFC 7617 §2
		return errors.New("has a user with a colon, which HTTP does not take")
	}
	return nil
}

// String returns the URL without user and password.
func (p *Proxy) String() string { return p.scheme + "://" + p.address() }

// Secrets returns the strings that must not appear in output.
func (p *Proxy) Secrets() []string { return []string{p.password} }

func (p *Proxy) address() string { return net.JoinHostPort(p.host, strconv.Itoa(int(p.port))) }

// handshakes open a connection to host:port through a proxy. They do not read
// beyond the proxy's reply.
var handshakes = map[string]func(ctx context.Context, p *Proxy, conn net.Conn, address string) error{
	"socks5": socksConnect,
	"http":   httpConnect,
}

// DialContext connects to host:port through the proxy. Its errors name the proxy
// and have phase connect:
//
//   - If the proxy cannot be reached, the class is the one of that failure. If it
//     closes the connection, the class is connect_error.
//   - If the proxy refuses the request, or is not a proxy, the error is
//     connect_error/proxy_refused.
//   - If the proxy cannot reach the relay, the error is connect_error with the reason
//     that the proxy gives, or connect_timeout.
func (p *Proxy) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, p.wrap(smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err))
	}
	if _, err := netip.ParseAddr(host); err != nil {
		if host, err = hostname.ASCII(host); err != nil {
			return nil, p.wrap(smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConnect, err))
		}
	}
	conn, err := p.connect(ctx)
	if err != nil {
		return nil, p.wrap(err)
	}
	ctx, cancel := withTimeout(ctx, p.Timeout)
	defer cancel()
	err = handshakes[p.scheme](ctx, p, conn, net.JoinHostPort(host, port))
	if err == nil {
		return conn, nil
	}
	conn.Close()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return nil, p.wrap(checkStall(ctx, err))
}

// connect connects to the proxy itself.
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

// wrap classifies an error and adds the name of the proxy.
func (p *Proxy) wrap(err error) error {
	e, ok := errors.AsType[*smtperr.Error](smtperr.Classify(smtperr.PhaseConnect, err))
	if !ok {
		return err
	}
	wrapped := *e
	wrapped.Phase = smtperr.PhaseConnect
	wrapped.Cause = fmt.Errorf("proxy %s: %w", p, e.Cause)
	return &wrapped
}

// refused returns the error of a proxy that refuses the request.
func refused(text string) error {
	return smtperr.New(smtperr.ClassConnectError, smtperr.ReasonProxyRefused, smtperr.PhaseConnect, errors.New(text))
}

// unreachable returns the error of a proxy that cannot reach the relay.
func unreachable(class smtperr.Class, reason smtperr.Reason, text string) error {
	return smtperr.New(class, reason, smtperr.PhaseConnect, errors.New(text))
}
