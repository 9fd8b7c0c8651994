package policy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/miekg/dns"
)

// udpSize is the maximum size of a UDP message (RFC 6891 §6.2.5), in bytes.
const udpSize = 1232

// maxAliases is the maximum length of a CNAME chain.
const maxAliases = 16

// answer is the answer to a query.
type answer struct {
	records []dns.RR // of the queried type, at the end of the CNAME chain
	name    string   // that has the records: the queried name, or the end of its CNAME chain
	secure  bool     // a trusted resolver has validated it, the CNAME chain included
}

// lookupError is a lookup that failed. It never means that a record does not
// exist.
type lookupError struct {
	bogus      bool // DNSSEC validation failed
	serverFail bool // the name server replied SERVFAIL
	name       string
	cause      string
}

func (e *lookupError) Error() string {
	return "lookup " + strings.TrimSuffix(e.name, ".") + ": " + e.cause
}

// querier sends a limited number of queries.
type querier struct {
	resolver Resolver
	left     int
	sent     *atomic.Int64
}

var errTooManyQueries = errors.New("too many DNS queries")

// lookup returns the records of a name and type. A name or type that does not
// exist is an answer without records. Every error is a *lookupError.
func (q *querier) lookup(ctx context.Context, name string, qtype uint16) (answer, error) {
	reply, trusted, err := q.exchange(ctx, newQuery(name, qtype))
	failure := &lookupError{name: name}
	switch {
	case err != nil:
		failure.cause = err.Error()
	case reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError:
		a, err := parseAnswer(reply, dns.CanonicalName(name), qtype)
		if err == nil {
			a.secure = trusted && reply.AuthenticatedData
			return a, nil
		}
		failure.cause = err.Error()
	default:
		failure.cause = "the server answered " + dns.RcodeToString[reply.Rcode]
		failure.bogus, failure.serverFail = hasBogusError(reply), reply.Rcode == dns.RcodeServerFailure
	}
	return answer{}, failure
}

// confirmBogus finds out whether DNSSEC is the cause of a failed lookup, if a query
// is left: the same query then succeeds with checking disabled (RFC 4035 §3.2.2).
// It returns the error that the lookup should have returned.
func (q *querier) confirmBogus(ctx context.Context, failure error, qtype uint16) error {
	e, ok := errors.AsType[*lookupError](failure)
	if !ok || e.bogus || !e.serverFail || q.left <= 0 || !q.resolver.Trust {
		return failure
	}
	query := newQuery(e.name, qtype)
	query.CheckingDisabled = true
	reply, trusted, err := q.exchange(ctx, query)
	if err == nil && trusted && (reply.Rcode == dns.RcodeSuccess || reply.Rcode == dns.RcodeNameError) {
		return &lookupError{name: e.name, bogus: true, cause: "the DNSSEC signatures are not valid"}
	}
	return failure
}

// newQuery returns a query that requests validation: by the AD bit (RFC 6840 §5.7)
// and, for older resolvers, by the DO bit.
func newQuery(name string, qtype uint16) *dns.Msg {
	query := new(dns.Msg).SetQuestion(dns.CanonicalName(name), qtype).SetEdns0(udpSize, true)
	query.AuthenticatedData = true
	return query
}

// exchange sends a query. It reports whether the AD bit of the reply is trusted.
func (q *querier) exchange(ctx context.Context, query *dns.Msg) (reply *dns.Msg, trusted bool, err error) {
	if q.left <= 0 {
		return nil, false, errTooManyQueries
	}
	q.left--
	q.sent.Add(1)
	reply, trusted, err = q.resolver.exchange(ctx, query)
	if err == nil && !isReplyTo(reply, query) {
		return nil, false, errors.New("the reply is to another query")
	}
	return reply, trusted, err
}

func isReplyTo(reply, query *dns.Msg) bool {
	return len(reply.Question) == 1 && reply.Question[0].Qtype == query.Question[0].Qtype &&
		dns.CanonicalName(reply.Question[0].Name) == query.Question[0].Name
}

// bogusErrors are the extended DNS errors of failed validation (RFC 8914 §4.7 to
// §4.13).
var bogusErrors = []uint16{
	dns.ExtendedErrorCodeDNSBogus, dns.ExtendedErrorCodeSignatureExpired, dns.ExtendedErrorCodeSignatureNotYetValid,
	dns.ExtendedErrorCodeDNSKEYMissing, dns.ExtendedErrorCodeRRSIGsMissing, dns.ExtendedErrorCodeNoZoneKeyBitSet,
	dns.ExtendedErrorCodeNSECMissing,
}

// hasBogusError reports whether a reply has an extended error for failed
// validation.
func hasBogusError(reply *dns.Msg) bool {
	opt := reply.IsEdns0()
	if opt == nil {
		return false
	}
	return slices.ContainsFunc(opt.Option, func(option dns.EDNS0) bool {
		e, ok := option.(*dns.EDNS0_EDE)
		return ok && slices.Contains(bogusErrors, e.InfoCode)
	})
}

// parseAnswer follows the CNAME chain of a reply to the records of the type.
func parseAnswer(reply *dns.Msg, name string, qtype uint16) (answer, error) {
	aliases := make(map[string]string)
	if qtype != dns.TypeCNAME {
		for _, record := range reply.Answer {
			if c, ok := record.(*dns.CNAME); ok {
				aliases[dns.CanonicalName(c.Hdr.Name)] = dns.CanonicalName(c.Target)
			}
		}
	}
	a := answer{name: name}
	for steps := 0; aliases[a.name] != ""; steps++ {
		if steps == maxAliases {
			return a, errors.New("too many aliases, or a loop of them")
		}
		a.name = aliases[a.name]
	}
	for _, record := range reply.Answer {
		if h := record.Header(); h.Rrtype == qtype && dns.CanonicalName(h.Name) == a.name {
			a.records = append(a.records, record)
		}
	}
	return a, nil
}
