package dial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// MXHost is a mail exchanger of a domain.
type MXHost struct {
	Host       string // in lower case, without the final dot
	Preference uint16
}

// MX returns the mail exchangers of a domain in order of preference (RFC 5321
// §5.1). Those of equal preference are in order of their names, not random as for a
// sender, so that the metrics of a relay do not change from one probe to the next.
// A domain without MX records but with an address is its own mail exchanger. A
// domain with a null MX record (RFC 7505) is an error, dns_not_found/null_mx.
// Records whose target is not a host name, such as an IP address, are ignored.
func (l Lookup) MX(ctx context.Context, domain string) ([]MXHost, error) {
	if ip, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil {
		return []MXHost{{Host: ip.Unmap().String()}}, nil
	}
	name, err := hostname.ASCII(domain)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS, err)
	}
	name = strings.TrimSuffix(name, ".")
	ctx, cancel := withTimeout(ctx, l.Timeout)
	defer cancel()
	// Mail domains are fully qualified (RFC 5321 §2.3.5), so skip the search list.
	records, err := l.resolver().LookupMX(ctx, name+".")
	if err := classify(ctx, name, err); err != nil {
		if e, ok := errors.AsType[*smtperr.Error](err); !ok || e.Class != smtperr.ClassDNSNotFound {
			return nil, err
		}
		return l.implicitMX(ctx, name)
	}
	return mxHosts(name, records)
}

// implicitMX applies the rule of RFC 5321 §5.1 for a domain without MX records. An
// address of either family will do. The context has the timeout of the MX lookup.
func (l Lookup) implicitMX(ctx context.Context, name string) ([]MXHost, error) {
	if _, err := (Lookup{Resolver: l.Resolver}).Addrs(ctx, name+"."); err != nil {
		return nil, err
	}
	return []MXHost{{Host: name}}, nil
}

// mxHosts returns the usable hosts of MX records, or why there are none.
func mxHosts(domain string, records []*net.MX) ([]MXHost, error) {
	hosts := make([]MXHost, 0, len(records))
	null, invalid := false, ""
	for _, r := range records {
		host := strings.ToLower(strings.TrimSuffix(r.Host, "."))
		switch {
		case host == "":
			null = true
		case hostname.CheckLookup(host) != nil:
			invalid = host
		default:
			hosts = append(hosts, MXHost{Host: host, Preference: r.Pref})
		}
	}
	switch {
	case len(hosts) > 0:
		return sortMX(hosts), nil
	case null && invalid == "":
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS,
			errors.New(domain+" takes no mail: its MX record is null"))
	}
	return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS,
		fmt.Errorf("no MX record of %s names a host: %q", domain, invalid))
}

// sortMX sorts hosts by preference and name, and removes duplicates.
func sortMX(hosts []MXHost) []MXHost {
	slices.SortFunc(hosts, func(a, b MXHost) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), strings.Compare(a.Host, b.Host))
	})
	seen := make(map[string]bool, len(hosts))
	return slices.DeleteFunc(hosts, func(h MXHost) bool {
		duplicate := seen[h.Host]
		seen[h.Host] = true
		return duplicate
	})
}
