package policy

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// maxHostQuestions is how many questions one look at a host takes.
const maxHostQuestions = 4

// DANE is the state of DANE for one host.
type DANE string

// The states of DANE.
const (
	DANENone        DANE = "none"        // there are no TLSA records
	DANEUnvalidated DANE = "unvalidated" // there are, but no trusted resolver has validated them
	DANEOK          DANE = "ok"          // a record authenticates the host
	DANEMismatch    DANE = "mismatch"    // none does
	DANEUnusable    DANE = "unusable"    // no record can be used: TLS without authentication
	DANEBogus       DANE = "bogus"       // DNSSEC validation failed
	DANEError       DANE = "error"       // a lookup failed
)

// HostRecords are what the DNS has about one host and port.
type HostRecords struct {
	// Base is the domain of the TLSA records: the end of the host's aliases if
	// all of them are secure and there are records, else the host. It is the TLS
	// server name that a DANE sender sends (RFC 7672 §8.1).
	Base string
	// Names are the host and, if it is an alias, its end.
	Names   []string
	Records []TLSA
	Secure  bool // addresses and TLSA records are validated
	Failure DANE // DANEBogus or DANEError of a failed lookup, else empty
	Err     error
	// Trusted: an AD bit would have counted, so that a failure is one of DANE.
	Trusted bool
	// Unknown: there may be TLSA records, but in an unsigned zone that fails to
	// answer for them, where they have no effect (RFC 7672 §2.1.2).
	Unknown bool
}

// Applies reports whether a DANE sender needs TLS because of these records.
func (h *HostRecords) Applies() bool { return h.Secure && len(h.Records) > 0 && h.Failure == "" }

// failed notes a lookup that failed.
func (h *HostRecords) failed(err error) {
	h.Err, h.Failure = err, failureOf(err)
}

func failureOf(err error) DANE {
	if e, ok := errors.AsType[*lookupError](err); ok && e.bogus {
		return DANEBogus
	}
	return DANEError
}

// lookHost asks for the addresses of a host and then for the TLSA records of a
// port (RFC 7672 §2.2.2, §2.2.3).
func lookHost(ctx context.Context, q *questions, host string, port uint16) *HostRecords {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	h := &HostRecords{Base: host, Names: []string{host}, Trusted: q.resolver.Trust}
	addresses, err := askAddresses(ctx, q, host)
	if err != nil {
		h.failed(err)
		return h
	}
	secure := addresses.secure
	bases := []string{host}
	if end := strings.TrimSuffix(addresses.end, "."); end != host {
		switch {
		case secure, !q.resolver.Trust:
			bases = []string{end, host}
			h.Names = append(h.Names, end)
		default:
			// The alias may be secure although its end is not.
			alias, err := q.ask(ctx, host, dns.TypeCNAME)
			if err != nil {
				h.failed(q.confirm(ctx, err, dns.TypeCNAME))
				return h
			}
			secure = alias.secure && len(alias.records) > 0
		}
	}
	for _, base := range bases {
		if h.look(ctx, q, base, port, secure) {
			break
		}
	}
	return h
}

// askAddresses asks for A and, if there are none, for AAAA: both are in one zone.
func askAddresses(ctx context.Context, q *questions, host string) (answer, error) {
	kind := dns.TypeA
	a, err := q.ask(ctx, host, kind)
	if err == nil && len(a.records) == 0 {
		kind = dns.TypeAAAA
		a, err = q.ask(ctx, host, kind)
	}
	if err != nil {
		return a, q.confirm(ctx, err, kind)
	}
	return a, nil
}

// look asks for the TLSA records of one base, and reports whether that decides.
func (h *HostRecords) look(ctx context.Context, q *questions, base string, port uint16, secure bool) bool {
	name := "_" + strconv.Itoa(int(port)) + "._tcp." + base
	found, err := q.ask(ctx, name, dns.TypeTLSA)
	switch {
	case err != nil && q.resolver.Trust && !secure:
		h.Unknown = true
		return true
	case err != nil:
		h.failed(q.confirm(ctx, err, dns.TypeTLSA))
		return true
	case len(found.records) == 0:
		return false
	}
	h.Records, h.Secure = tlsaOf(found.records), secure && found.secure
	if h.Secure {
		h.Base = base
	}
	return h.Secure // else the next base may have secure ones
}
