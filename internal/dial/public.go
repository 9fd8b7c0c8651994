package dial

import (
	"fmt"
	"net/netip"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// special are the blocks of IANA's special-purpose address registries that are
// not reachable over the internet (RFC 6890), and multicast.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/3",
	"::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32",
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// embedding are the blocks whose last 32 bits, or for 6to4 the 32 bits after the
// prefix, are an IPv4 address.
var (
	nat64   = netip.MustParsePrefix("64:ff9b::/96")
	mapped  = netip.MustParsePrefix("::ffff:0:0/96")
	compat  = netip.MustParsePrefix("::/96")
	sixToV4 = netip.MustParsePrefix("2002::/16")
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// Public reports why an address that a stranger's zone names must not be
// connected to: it is not one of the internet. An IPv4 address within an IPv6
// one counts as itself.
func Public(ip netip.Addr) error {
	ip = ip.WithZone("")
	if v4, embedded := embeddedIPv4(ip); embedded && isSpecial(v4) || isSpecial(ip.Unmap()) {
		return smtperr.New(smtperr.ClassConfigError, smtperr.ReasonAddressNotPublic, smtperr.PhaseConnect,
			fmt.Errorf("%s is not a public address", ip))
	}
	return nil
}

func isSpecial(ip netip.Addr) bool {
	for _, p := range special {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

func embeddedIPv4(ip netip.Addr) (netip.Addr, bool) {
	if !ip.Is6() {
		return netip.Addr{}, false
	}
	b := ip.As16()
	switch {
	case sixToV4.Contains(ip):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case nat64.Contains(ip), mapped.Contains(ip), compat.Contains(ip), ip.Is4In6():
		return netip.AddrFrom4([4]byte(b[12:16])), true
	}
	return netip.Addr{}, false
}
