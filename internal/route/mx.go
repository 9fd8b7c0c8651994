package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// MXHost is one mail exchanger.
type MXHost struct {
	Host       string // in lower case, without the final dot
	Preference uint16
}

// maxExchangers is how many hosts of a domain count. A stranger's zone can have
// more records than anyone wants to probe.
const maxExchangers = 50

// MX lists a domain's mail exchangers (RFC 5321 §5.1) in order of preference,
// those of equal preference by their name: senders choose among them at random,
// but here the series should not change with every answer. A domain without MX
// records is its own exchanger if it has an address; one whose record says that
// it takes no mail (RFC 7505) is dns_not_found/null_mx. Targets that are no
// name of a host, such as IP addresses, do not count; at most 50 hosts do.
func (c Config) MX(ctx context.Context, domain string) ([]MXHost, error) {
	return c.exchangers(ctx, c.resolver(), domain)
}

func (c Config) exchangers(ctx context.Context, r resolver, domain string) ([]MXHost, error) {
	if ip, err := netip.ParseAddr(strings.Trim(domain, "[]")); err == nil {
		return []MXHost{{Host: ip.Unmap().String()}}, nil
	}
	name, invalid := asciiName(domain)
	if invalid != nil {
		return nil, invalid
	}
	name = strings.TrimSuffix(name, ".")
	step, cancel := c.step(ctx)
	defer cancel()
	// A mail domain is always the whole one (RFC 5321 §2.3.5): no search list.
	records, err := r.exchangers(step, name+".")
	if failure := judged(step, name, err); failure != nil {
		if failure.Class != smtperr.ClassDNSNotFound {
			return nil, failure
		}
		return implicitMX(step, r, name)
	}
	return judgeTargets(name, records)
}

func implicitMX(ctx context.Context, r resolver, name string) ([]MXHost, error) {
	// The context is that of this step already, and the domain exists whatever
	// ip_version leaves of its addresses.
	if _, err := (Config{}).resolveBy(ctx, r, name+"."); err != nil {
		return nil, err
	}
	return []MXHost{{Host: name}}, nil
}

func judgeTargets(domain string, records []MXHost) ([]MXHost, error) {
	hosts := make([]MXHost, 0, len(records))
	null, bad := false, ""
	for _, r := range records {
		r.Host = strings.ToLower(strings.TrimSuffix(r.Host, "."))
		switch {
		case r.Host == "":
			null = true
		case !isName(r.Host):
			bad = r.Host
		default:
			hosts = append(hosts, r)
		}
	}
	if len(hosts) > 0 {
		return inOrder(hosts), nil
	}
	if null && bad == "" {
		return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS,
			errors.New(domain+" takes no mail: its MX record is null"))
	}
	return nil, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNotFound, smtperr.PhaseDNS,
		fmt.Errorf("no MX record of %s names a host: %q", domain, bad))
}

func inOrder(hosts []MXHost) []MXHost {
	slices.SortFunc(hosts, func(a, b MXHost) int {
		return cmp.Or(cmp.Compare(a.Preference, b.Preference), strings.Compare(a.Host, b.Host))
	})
	seen := make(map[string]bool, len(hosts))
	hosts = slices.DeleteFunc(hosts, func(h MXHost) bool {
		twice := seen[h.Host]
		seen[h.Host] = true
		return twice
	})
	return hosts[:min(len(hosts), maxExchangers)]
}
