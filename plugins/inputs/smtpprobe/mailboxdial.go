package smtpprobe

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// routeKeys are the settings of the network path, which a mailbox inherits.
var routeKeys = []string{"proxy_url", "dns_server", "source_address", "ip_version"}

// mailboxDialer connects to an IMAP server in the way that probes connect to relays:
// through the proxy, or to one address after the other.
type mailboxDialer struct {
	relayDialer

	network string // "ip4" or "ip6"; empty: both
}

// newMailboxDialer returns the dialer for a mailbox on a host.
func newMailboxDialer(s *Settings, host string) (*mailboxDialer, error) {
	d := &draft{spec: &spec{}}
	if err := s.parseRoute(d); err != nil {
		return nil, err
	}
	if err := firstError(d.checkAddresses(), d.checkTarget(&smtpprobe.Target{Host: host})); err != nil {
		return nil, err
	}
	d.prober.ConnectTimeout = time.Duration(s.ConnectTimeout)
	networks := map[smtpprobe.IPVersion]string{smtpprobe.IPv4: "ip4", smtpprobe.IPv6: "ip6"}
	return &mailboxDialer{relayDialer: relayDialer{d.prober, d.proxy}, network: networks[d.ipVersion]}, nil
}

// DialContext implements dial.Dialer.
func (d *mailboxDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := d.through()
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConnect, err)
	}
	if proxy != nil {
		return proxy.DialContext(ctx, network, address)
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, err
	}
	lookup := dial.Lookup{Resolver: d.prober.Resolver, Network: d.network, Timeout: d.prober.ConnectTimeout}
	addrs, err := lookup.Addrs(ctx, host)
	if err != nil {
		return nil, err
	}
	return dial.Attempts{Dialer: d.relayDialer, Timeout: d.prober.ConnectTimeout}.Dial(ctx, addrs, uint16(port))
}

// checkRouteKeys refuses settings of the network path for a mailbox that is not
// on a server.
func (m *Mailbox) checkRouteKeys() error {
	if i := slices.IndexFunc(routeKeys, func(key string) bool { return slices.Contains(m.route, key) }); i >= 0 {
		return fmt.Errorf("%s does not apply to %q", routeKeys[i], m.URL)
	}
	return nil
}
