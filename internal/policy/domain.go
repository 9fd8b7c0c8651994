package policy

import (
	"context"
	"strings"

	"github.com/miekg/dns"
)

// maxDomainQueries is the maximum number of DNS queries to look up one domain: for
// its MX records, its _mta-sts record, and the A and AAAA records of its policy
// host.
const maxDomainQueries = 4

// DomainRecords are the MX records and the MTA-STS policy of a mail domain.
type DomainRecords struct {
	MXRecords
	STS *STSState // nil until the first lookup has ended
}

// MXRecords are the DNSSEC status of a domain's MX records.
type MXRecords struct {
	MXSecure bool // the records, or their absence, are validated
	// MXName is the name that has the records: the domain, or the target of its
	// CNAME chain.
	MXName    string
	MXFailure DANE // DANEBogus or DANEError if the lookup failed, else empty
	Trusted   bool // see HostRecords
	Err       error

	queriesLeft int // for the MTA-STS lookup
}

// lookupMX looks up the MX records of a domain.
func lookupMX(ctx context.Context, q *querier, domain string) *MXRecords {
	d := &MXRecords{MXName: domain, Trusted: q.resolver.Trust}
	mx, err := q.lookup(ctx, domain, dns.TypeMX)
	if err != nil {
		// One query is then left for the addresses of the policy host.
		d.Err = q.confirmBogus(ctx, err, dns.TypeMX)
		d.MXFailure = lookupFailure(d.Err)
	} else {
		d.MXSecure, d.MXName = mx.secure, normalize(mx.name)
	}
	d.queriesLeft = q.left
	return d
}

// normalize returns a domain name in lower case without the final dot.
func normalize(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
