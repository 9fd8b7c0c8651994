package smtpprobe

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// DefaultHelo is this host's fully qualified name, or an address literal where
// it has none (RFC 5321 §4.1.4): the argument of EHLO when none is configured.
func DefaultHelo(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if name, err := os.Hostname(); err == nil {
		if isFQDN(name) {
			return name
		}
		if canonical, err := net.DefaultResolver.LookupCNAME(ctx, name); err == nil {
			if canonical = strings.TrimSuffix(canonical, "."); isFQDN(canonical) {
				return canonical
			}
		}
	}
	return addressLiteral()
}

func isFQDN(name string) bool {
	return strings.Contains(name, ".") && !strings.HasPrefix(name, "localhost") &&
		!strings.ContainsAny(name, " \t\r\n_") && !strings.HasSuffix(name, ".localdomain")
}

// addressLiteral is the first address of this host that is not loopback, in
// the form of RFC 5321 §4.1.3.
func addressLiteral() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "[127.0.0.1]"
	}
	literal := "[127.0.0.1]"
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || prefix.Addr().IsLoopback() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		if prefix.Addr().Is4() {
			return "[" + prefix.Addr().String() + "]"
		}
		literal = "[IPv6:" + prefix.Addr().String() + "]"
	}
	return literal
}
