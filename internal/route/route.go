// Package route gets a probe to its relay: names to addresses, addresses to a
// connection, directly or through a proxy. Every error is a *smtperr.Error.
package route

import (
	"context"
	"net/netip"
	"time"
)

// Config is the way. The zero value is the direct one.
type Config struct {
	IPVersion     string     // "", ipv4 or ipv6: the only addresses to use
	SourceAddress netip.Addr // local address to bind, if valid
	ProxyURL      string     // see ParseProxyURL; secret
	ProxyProtocol string     // see WriteProxyHeader
	// DNSServer is the host:port that answers all questions, alone: no hosts
	// file and no search list. The default is the system's way.
	DNSServer string
	// StepTimeout bounds finding the addresses of a name, and each attempt to
	// connect; 0 leaves that to the context.
	StepTimeout time.Duration
}

// step is the context of one step.
func (c Config) step(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.StepTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.StepTimeout)
}

// uses tells whether ip_version lets an address be used.
func (c Config) uses(ip netip.Addr) bool {
	switch c.IPVersion {
	case "ipv4":
		return ip.Is4()
	case "ipv6":
		return ip.Is6()
	}
	return true
}

// over tells whether there is time left. A deadline can interrupt a connection
// a moment before it ends the context.
func over(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && !time.Now().Before(deadline)
}
