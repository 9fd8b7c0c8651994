package hostname

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// lookupTimeout bounds the lookup of this host's canonical name.
const lookupTimeout = 2 * time.Second

// Local returns the fully qualified name of this host, empty if it has none. The
// first call may use the resolver.
var Local = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return qualified(name, net.DefaultResolver.LookupCNAME)
})

// qualified returns the name or, if it is not fully qualified, its canonical name.
func qualified(name string, canonical func(context.Context, string) (string, error)) string {
	if IsQualified(name) {
		return name
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	full, err := canonical(ctx, name)
	if full = strings.TrimSuffix(full, "."); err == nil && IsQualified(full) {
		return full
	}
	return ""
}

// LocalAddr returns the first IPv4 address of this host, or else the first IPv6
// address. It skips loopback and link-local addresses, and returns the zero Addr if
// there is none.
func LocalAddr() netip.Addr {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	var found netip.Addr
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		ip := prefix.Addr()
		switch {
		case err != nil || ip.IsLoopback() || ip.IsLinkLocalUnicast():
		case ip.Is4():
			return ip
		case !found.IsValid():
			found = ip
		}
	}
	return found
}
