package policy

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// maxDomainQuestions is how many questions one look at a domain takes: MX, TXT,
// and both kinds of addresses of the policy host.
const maxDomainQuestions = 4

// DomainRecords are what a mail domain publishes.
type DomainRecords struct {
	MXRecords
	STS *STSState // nil as long as it is not known
}

// MXRecords are what DNSSEC says about the MX records of a domain.
type MXRecords struct {
	MXSecure  bool // the records, or that there are none, are validated
	MXFailure DANE // DANEBogus or DANEError of a failed lookup, else empty
	Trusted   bool // an AD bit would have counted
	Err       error

	left int // how many questions about the domain are left
}

// STSState is MTA-STS as a sender knows it.
type STSState struct {
	// State is that of the policy in effect, which may be an earlier one; without
	// any, why there is none.
	State STS
	// Policy is the one in effect, nil if there is none.
	Policy  *STSPolicy
	ID      string    // of the record at _mta-sts, as last seen
	Expires time.Time // of Policy
	// Failure is what is wrong now, even if an earlier policy is in effect:
	// STSPolicyFetchError, STSPolicyInvalid, STSWebPKIInvalid, or empty.
	Failure    Result
	Err        error
	CertExpiry time.Time // of the policy host's certificate, as last seen; zero if unknown

	without STS // the state without an earlier policy, if Policy is one
}

// at is the state at a time: an earlier policy may have expired by then.
func (s *STSState) at(now time.Time) *STSState {
	if s.without == "" || now.Before(s.Expires) {
		return s
	}
	own := *s
	own.State, own.Policy, own.without = s.without, nil, ""
	return &own
}

// lookMX asks for the MX records of a domain.
func lookMX(ctx context.Context, q *questions, domain string) *MXRecords {
	d := &MXRecords{Trusted: q.resolver.Trust}
	mx, err := q.ask(ctx, domain, dns.TypeMX)
	d.MXSecure = mx.secure
	if err != nil {
		// Then one question is left for the addresses of the policy host.
		d.Err = q.confirm(ctx, err, dns.TypeMX)
		d.MXFailure = failureOf(d.Err)
	}
	d.left = q.left
	return d
}

// look is what asking for a policy takes.
type look struct {
	questions *questions
	web       *Web
	requests  counter
	now       func() time.Time
}

type counter interface{ Add(int64) int64 }

// current asks for the policy of a domain. The state before stays in effect as
// RFC 8461 §5.1 says.
func (l *look) current(ctx context.Context, domain string, before *STSState) *STSState {
	s := l.sts(ctx, domain)
	s.keep(before, l.now())
	return &s
}

// keep keeps an earlier policy in effect where there is no new one.
func (s *STSState) keep(before *STSState, now time.Time) {
	if before == nil || s.Policy != nil {
		return
	}
	if s.CertExpiry.IsZero() && s.State != STSNone {
		s.CertExpiry = before.CertExpiry
	}
	if before.Policy != nil && now.Before(before.Expires) {
		s.without = s.State
		s.Policy, s.Expires, s.State = before.Policy, before.Expires, before.Policy.Mode
		if s.ID == "" {
			s.ID = before.ID
		}
	}
}

// sts asks for the record, and for the policy if there is one.
func (l *look) sts(ctx context.Context, domain string) STSState {
	failed := func(state STS, failure Result, err error) STSState {
		return STSState{State: state, Failure: failure, Err: err}
	}
	txt, err := l.questions.ask(ctx, "_mta-sts."+domain, dns.TypeTXT)
	if err != nil {
		return failed(STSFetchError, STSPolicyFetchError, err)
	}
	id, err := readRecord(txt.records)
	switch {
	case errors.Is(err, errNoRecord):
		return STSState{State: STSNone}
	case err != nil:
		return failed(STSInvalid, STSPolicyInvalid, err)
	}
	s := l.policy(ctx, domain)
	s.ID = id
	return s
}

// policy fetches the policy.
func (l *look) policy(ctx context.Context, domain string) STSState {
	addresses, err := l.addresses(ctx, policyHost+domain)
	if err != nil {
		return STSState{State: STSFetchError, Failure: STSPolicyFetchError, Err: err}
	}
	l.requests.Add(1)
	f := l.web.fetch(ctx, domain, addresses)
	s := STSState{Policy: f.policy, Failure: f.result, Err: f.err, CertExpiry: f.certExpiry}
	switch {
	case f.policy != nil:
		s.State, s.Expires = f.policy.Mode, l.now().Add(f.policy.MaxAge)
	case f.result == STSPolicyInvalid:
		s.State = STSInvalid
	default:
		s.State = STSFetchError
	}
	return s
}

// addresses are those of the policy host.
func (l *look) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	var found []netip.Addr
	var failure error
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := l.questions.ask(ctx, host, kind)
		failure = errors.Join(failure, err)
		for _, record := range a.records {
			if ip, ok := netip.AddrFromSlice(addressIn(record)); ok {
				found = append(found, ip.Unmap())
			}
		}
	}
	switch {
	case len(found) > 0:
		return found[:min(len(found), maxPolicyAddresses)], nil
	case failure != nil:
		return nil, failure
	}
	return nil, &lookupError{name: host, cause: "no address"}
}

// maxPolicyAddresses is how many addresses of a policy host are tried.
const maxPolicyAddresses = 8

func addressIn(record dns.RR) []byte {
	switch r := record.(type) {
	case *dns.A:
		return r.A
	case *dns.AAAA:
		return r.AAAA
	}
	return nil
}

// domainName is a domain as the questions have it.
func domainName(domain string) string { return strings.ToLower(strings.TrimSuffix(domain, ".")) }
