package smtpprobe

import (
	"context"
	"net"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/token"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// relayDialer connects to policy hosts and mailboxes in the way that probes connect
// to relays.
type relayDialer struct {
	prober smtpprobe.Prober
	proxy  token.Secret // nil: none
}

// DialContext implements dial.Dialer.
func (d relayDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := d.through()
	if err != nil {
		return nil, err
	}
	switch {
	case proxy != nil:
		return proxy.DialContext(ctx, network, address)
	case d.prober.Dialer != nil:
		return d.prober.Dialer.DialContext(ctx, network, address)
	}
	return dial.Direct{}.DialContext(ctx, network, address)
}

// through returns the proxy, nil if there is none.
func (d relayDialer) through() (smtpprobe.Dialer, error) {
	if d.proxy == nil {
		return nil, nil //nolint:nilnil // no proxy is not an error
	}
	url, err := d.proxy()
	if err != nil {
		return nil, err
	}
	p := probeRequest{Prober: d.prober}
	err = p.useProxy(url)
	return p.Prober.Proxy, err
}
