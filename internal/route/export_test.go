package route

import (
	"context"
	"net"
	"net/netip"
)

// OverSystem resolves by the system's resolver, whose name server is replaced.
func (c Config) OverSystem(server string) SystemWay {
	return SystemWay{c, system{func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}}
}

// OverBroken resolves by the system's resolver, with no way to any name server.
func (c Config) OverBroken(err error) SystemWay {
	return SystemWay{c, system{func(context.Context, string, string) (net.Conn, error) { return nil, err }}}
}

type SystemWay struct {
	config   Config
	resolver resolver
}

func (w SystemWay) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return w.config.resolveBy(ctx, w.resolver, host)
}

func (w SystemWay) MX(ctx context.Context, domain string) ([]MXHost, error) {
	return w.config.exchangers(ctx, w.resolver, domain)
}
