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

// MXHost is one mail exchanger.
type MXHost struct {
	Host       string // in lower case, without the final dot
	Preference uint16
}

// MX lists a domain's mail exchangers (RFC 5321 §5.1) in order of preference,
// those of equal preference by their name: senders choose among them at random,
// but here the series should not change with every answer. A domain without MX
// records is its own exchanger if it has an address; one whose record says that
// it takes no mail (RFC 7505) is dns_not_found/null_mx. Targets that are not the
// name of a host, such as IP addresses, do not count.
func (l Lookup) MX(ctx context.Context, domain string) ([]MXHost, error) {
	if ip, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil {
		return []MXHost{{Host: ip.Unmap().String()}}, nil
	}
	name, err := hostname.ASCII(domain)
	if err != nil {
		return nil, smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseDNS, err)
	}
	name = strings.TrimSuffix(name, ".")
	step, cancel := within(ctx, l.Timeout)
	defer cancel()
	// A mail domain is always fully qualified (RFC 5321 §2.3.5): no search list.
	records, err := l.resolver().LookupMX(step, name+".")
	if err := classify(step, name, err); err != nil {
		if e, ok := errors.AsType[*smtperr.Error](err); !ok || e.Class != smtperr.ClassDNSNotFound {
			return nil, err
		}
		return l.implicitMX(step, name)
	}
	return hostsOf(name, records)
}

// implicitMX is the rule of RFC 5321 §5.1. The domain exists whatever the
// network leaves of its addresses, and the context is that of this step.
func (l Lookup) implicitMX(ctx context.Context, name string) ([]MXHost, error) {
	if _, err := (Lookup{Resolver: l.Resolver}).Addrs(ctx, name+"."); err != nil {
		return nil, err
	}
	return []MXHost{{Host: name}}, nil
}

func hostsOf(domain string, records []*net.MX) ([]MXHost, error) {
	hosts := make([]MXHost, 0, len(records))
	null, bad := false, ""
	for _, r := range records {
		host := strings.ToLower(strings.TrimSuffix(r.Host, "."))
		switch {
		case host == "":
			null = true
		case hostname.CheckLookup(host) != nil:
			bad = host
		default:
			hosts = append(hosts, MXHost{Host: host, Preference: r.Pref})
		}
	}
	switch {
	case len(hosts) > 0:
		return byPreference(hosts), nil
	case null && bad == "":
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS,
			errors.New(domain+" takes no mail: its MX record is null"))
	}
	return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS,
		fmt.Errorf("no MX record of %s names a host: %q", domain, bad))
}

func byPreference(hosts []MXHost) []MXHost {
	slices.SortFunc(hosts, func(a, b MXHost) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), strings.Compare(a.Host, b.Host))
	})
	seen := make(map[string]bool, len(hosts))
	return slices.DeleteFunc(hosts, func(h MXHost) bool {
		twice := seen[h.Host]
		seen[h.Host] = true
		return twice
	})
}
