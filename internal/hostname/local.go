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

// lookupTime bounds the question for this host's canonical name.
const lookupTime = 2 * time.Second

// Local returns this host's fully qualified name, empty if it has none. It may
// ask the resolver, once per process.
var Local = sync.OnceValue(func() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return qualified(name, net.DefaultResolver.LookupCNAME)
})

// qualified is the name itself, or its canonical name.
func qualified(name string, canonical func(context.Context, string) (string, error)) string {
	if IsQualified(name) {
		return name
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	full, err := canonical(ctx, name)
	if full = strings.TrimSuffix(full, "."); err == nil && IsQualified(full) {
		return full
	}
	return ""
}

// LocalAddr returns the first address of this host that is not loopback, IPv4
// first; invalid if there is none.
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
