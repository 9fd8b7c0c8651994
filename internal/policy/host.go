package policy

import (
	"context"
	"errors"
	"strconv"

	"github.com/miekg/dns"
)

// maxHostQueries is the maximum number of DNS queries to look up one host.
const maxHostQueries = 4

// DANE is the state of DANE for one host.
type DANE string

// The states of DANE.
const (
	DANENone        DANE = "none"        // there are no TLSA records
	DANEUnvalidated DANE = "unvalidated" // no trusted resolver has validated the TLSA records
	DANEOK          DANE = "ok"          // a TLSA record authenticates the host
	DANEMismatch    DANE = "mismatch"    // no TLSA record authenticates the host
	DANEUnusable    DANE = "unusable"    // no TLSA record is usable: TLS without authentication
	DANEBogus       DANE = "bogus"       // DNSSEC validation failed
	DANEError       DANE = "error"       // a lookup failed
)

// HostRecords are the DNS records of one host that matter to DANE on one port.
type HostRecords struct {
	// Base is the TLSA base domain: the target of the host's CNAME chain if the
	// chain is secure and TLSA records exist there, else the host. A DANE sender
	// uses it as the TLS server name (RFC 7672 §8.1).
	Base    string
	Records []TLSA
	Secure  bool // the addresses and the TLSA records are validated
	Failure DANE // DANEBogus or DANEError if a lookup failed, else empty
	Err     error
	// Trusted reports whether the AD bit was trusted. Only then does a failed
	// lookup stop a DANE sender.
	Trusted bool
	// Indeterminate reports whether the TLSA lookup failed in an unsigned zone,
	// where TLSA records would have no effect (RFC 7672 §2.1.2).
	Indeterminate bool
}

// Applies reports whether these records make TLS mandatory for a DANE sender.
func (h *HostRecords) Applies() bool { return h.Secure && len(h.Records) > 0 && h.Failure == "" }

// fail records a failed lookup.
func (h *HostRecords) fail(err error) {
	h.Err, h.Failure = err, lookupFailure(err)
}

// lookupFailure returns DANEBogus or DANEError.
func lookupFailure(err error) DANE {
	if e, ok := errors.AsType[*lookupError](err); ok && e.bogus {
		return DANEBogus
	}
	return DANEError
}

// lookupHost looks up the addresses of a host and then its TLSA records for a port
// (RFC 7672 §2.2.2, §2.2.3).
func lookupHost(ctx context.Context, q *querier, host string, port uint16) *HostRecords {
	host = normalize(host)
	h := &HostRecords{Base: host, Trusted: q.resolver.Trust}
	addresses, err := lookupAddresses(ctx, q, host)
	if err != nil {
		h.fail(err)
		return h
	}
	secure := addresses.secure
	bases := []string{host}
	if target := normalize(addresses.name); target != host {
		if secure || !q.resolver.Trust {
			bases = []string{target, host}
		} else {
			// The CNAME record may be secure although its target is not.
			alias, err := q.lookup(ctx, host, dns.TypeCNAME)
			if err != nil {
				h.fail(q.confirmBogus(ctx, err, dns.TypeCNAME))
				return h
			}
			secure = alias.secure && len(alias.records) > 0
		}
	}
	for _, base := range bases {
		if h.lookupTLSA(ctx, q, base, port, secure) {
			break
		}
	}
	return h
}

// lookupAddresses looks up A records and, if there are none, AAAA records. One
// type is enough to see whether the zone is signed.
func lookupAddresses(ctx context.Context, q *querier, host string) (answer, error) {
	qtype := dns.TypeA
	a, err := q.lookup(ctx, host, qtype)
	if err == nil && len(a.records) == 0 {
		qtype = dns.TypeAAAA
		a, err = q.lookup(ctx, host, qtype)
	}
	if err != nil {
		return a, q.confirmBogus(ctx, err, qtype)
	}
	return a, nil
}

// lookupTLSA looks up the TLSA records of one base domain. It reports whether the
// search ends there.
func (h *HostRecords) lookupTLSA(ctx context.Context, q *querier, base string, port uint16, secure bool) bool {
	name := "_" + strconv.Itoa(int(port)) + "._tcp." + base
	found, err := q.lookup(ctx, name, dns.TypeTLSA)
	switch {
	case err != nil && q.resolver.Trust && !secure:
		h.Indeterminate = true
		return true
	case err != nil:
		h.fail(q.confirmBogus(ctx, err, dns.TypeTLSA))
		return true
	case len(found.records) == 0:
		return false
	}
	h.Records, h.Secure = tlsaRecords(found.records), secure && found.secure
	if h.Secure {
		h.Base = base
	}
	return h.Secure // the next base may have secure records
}
