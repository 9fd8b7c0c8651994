// Package route gets a probe to its relay: names to addresses, addresses to a
// connection.
package route

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Config is the way. The zero value is the direct one.
type Config struct {
	IPVersion     string     // "", ipv4 or ipv6
	SourceAddress netip.Addr // local address to bind, if valid
	ProxyURL      string     // socks5:// or http://; secret
	ProxyProtocol string     // "", v1 or v2
	DNSServer     string     // host:port, default the system's
	StepTimeout   time.Duration
}

// Dial tries each address in order until one connects.
func (c Config) Dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var first *smtperr.Error
	for _, addr := range addrs {
		conn, err := c.dialOne(ctx, "tcp", netip.AddrPortFrom(addr, port).String())
		if err == nil {
			return conn, nil
		}
		e := smtperr.Classify(smtperr.PhaseConnect, err)
		if first == nil {
			first = e
		} else {
			first.Secondary = append(first.Secondary, e)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if first == nil {
		return nil, smtperr.New(smtperr.DNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS, errors.New("no address"))
	}
	return nil, first
}

func (c Config) dialOne(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: c.StepTimeout, KeepAlive: -1}
	if c.SourceAddress.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: c.SourceAddress.AsSlice(), Zone: c.SourceAddress.Zone()}
	}
	return d.DialContext(ctx, network, address)
}

// DialUnix connects to a unix socket.
func (c Config) DialUnix(ctx context.Context, path string) (net.Conn, error) {
	d := net.Dialer{Timeout: c.StepTimeout}
	return d.DialContext(ctx, "unix", path)
}

// DialHost connects by name through the proxy.
func (c Config) DialHost(ctx context.Context, host string, port uint16) (net.Conn, error) {
	return c.dialOne(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
}

// Resolve finds a host's addresses in the resolver's order.
func (c Config) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if c.StepTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.StepTimeout)
		defer cancel()
	}
	network := map[string]string{"": "ip", "ipv4": "ip4", "ipv6": "ip6"}[c.IPVersion]
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, network, host)
	if err != nil {
		return nil, smtperr.Wrap(smtperr.PhaseDNS, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

// MXHost is one mail exchanger.
type MXHost struct {
	Host       string
	Preference uint16
}

// MX lists a domain's mail exchangers in order of preference.
func (c Config) MX(ctx context.Context, domain string) ([]MXHost, error) {
	mx, err := net.DefaultResolver.LookupMX(ctx, domain)
	if err != nil {
		return nil, smtperr.Wrap(smtperr.PhaseDNS, err)
	}
	hosts := make([]MXHost, len(mx))
	for i, m := range mx {
		hosts[i] = MXHost{m.Host, m.Pref}
	}
	return hosts, nil
}

// WriteProxyHeader announces the connection to the proxy in front of the relay.
func WriteProxyHeader(net.Conn, string) error { return errors.New("not yet") }
