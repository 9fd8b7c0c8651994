package dial

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// special lists the blocks of IANA's special-purpose address registries (RFC 6890),
// and multicast. IPv6 blocks outside globalUnicast are left out.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

var (
	// globalUnicast is the IPv6 space that IANA allocates from. Loopback,
	// link-local, unique local, multicast and unassigned addresses are outside.
	globalUnicast = netip.MustParsePrefix("2000::/3")
	// nat64 is the well-known prefix of RFC 6052 §2.1: the last 32 bits are an IPv4
	// address.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// Public returns an error unless an address is global unicast and outside IANA's
// special-purpose address registries. It protects the network of the prober: the
// zones of strangers must not make it connect there. An IPv4-mapped or NAT64
// address is treated like the IPv4 address in it.
func Public(ip netip.Addr) error {
	if isPublic(embeddedIPv4(ip.WithZone("").Unmap())) {
		return nil
	}
	return smtperr.New(smtperr.ClassConfigError, smtperr.ReasonAddressNotPublic, smtperr.PhaseConnect,
		fmt.Errorf("%s is not a public address", ip.WithZone("")))
}

func isPublic(ip netip.Addr) bool {
	return (ip.Is4() || globalUnicast.Contains(ip)) &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// embeddedIPv4 returns the IPv4 address in a NAT64 address, and others unchanged.
func embeddedIPv4(ip netip.Addr) netip.Addr {
	if !nat64.Contains(ip) {
		return ip
	}
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[12:16]))
}
