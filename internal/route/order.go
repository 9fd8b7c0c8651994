package route

import (
	"net"
	"net/netip"
	"slices"
)

// ordered joins the families' addresses: the preferred family first, and what
// this machine has no route to last.
func ordered(found [][]netip.Addr) []netip.Addr {
	if len(found) == 2 && len(found[0]) > 0 && len(found[1]) > 0 && v6First(found[0][0], found[1][0]) {
		found = [][]netip.Addr{found[1], found[0]}
	}
	var addrs []netip.Addr
	for _, family := range found {
		for _, ip := range family {
			if ip = ip.Unmap(); !slices.Contains(addrs, ip) {
				addrs = append(addrs, ip)
			}
		}
	}
	return addrs
}

// v6First is RFC 6724 §6 for the one question that is open here, which family
// goes first: avoid what has no route (rule 1), prefer a source of the
// destination's own kind (rules 2 and 5), then the policy table (rule 6).
func v6First(v4, v6 netip.Addr) bool {
	from4, from6 := source(v4), source(v6)
	if !from4.IsValid() || !from6.IsValid() {
		return from6.IsValid()
	}
	return native(v6) && native(from6) && v6.IsLoopback() == from6.IsLoopback() &&
		v6.IsLinkLocalUnicast() == from6.IsLinkLocalUnicast()
}

// source is the local address of packets to ip, not valid without a route. To
// connect a datagram socket sends nothing.
func source(ip netip.Addr) netip.Addr {
	const anyPort = 53
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, anyPort)))
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}
	}
	return local.AddrPort().Addr().Unmap()
}

// belowIPv4 are the prefixes that RFC 6724 §2.1 ranks below IPv4: unique local,
// 6to4, Teredo, 6bone, site-local.
var belowIPv4 = []netip.Prefix{
	netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("3ffe::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

func native(v6 netip.Addr) bool {
	return !slices.ContainsFunc(belowIPv4, func(p netip.Prefix) bool { return p.Contains(v6.WithZone("")) })
}
