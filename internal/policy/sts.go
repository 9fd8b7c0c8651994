package policy

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/miekg/dns"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
)

// STS is the state of MTA-STS for one domain.
type STS string

// The states of MTA-STS. The first three are modes of a policy.
const (
	STSNone       STS = "none"
	STSTesting    STS = "testing"
	STSEnforce    STS = "enforce"
	STSFetchError STS = "fetch_error"
	STSInvalid    STS = "invalid"
)

// STSState is the state of MTA-STS for one domain, as a sender has it.
type STSState struct {
	// State is the mode of the policy in effect, which may have been fetched
	// earlier. Without a policy it is STSNone, STSFetchError or STSInvalid.
	State STS
	// Policy is the policy in effect, nil if there is none.
	Policy  *STSPolicy
	ID      string    // in the _mta-sts record when it was last found
	Expires time.Time // when Policy expires
	// Failure is why the last lookup has found no policy, even if an earlier one
	// is in effect: STSPolicyFetchError, STSPolicyInvalid or STSWebPKIInvalid. It
	// is empty if the lookup succeeded.
	Failure    Result
	Err        error
	CertExpiry time.Time // of the policy host's certificate, as last seen; zero if unknown

	// fallback is the State after Policy expires, if Policy was fetched earlier.
	// It is empty for a policy of the last lookup.
	fallback STS
}

// at returns the state at a time, when an earlier policy may have expired.
func (s *STSState) at(now time.Time) *STSState {
	if s.fallback == "" || now.Before(s.Expires) {
		return s
	}
	expired := *s
	expired.State, expired.Policy, expired.fallback = s.fallback, nil, ""
	return &expired
}

// keep keeps an earlier policy in effect until it expires, unless the lookup has
// found another one (RFC 8461 §3.3, §5.1).
func (s *STSState) keep(earlier *STSState, now time.Time) {
	if earlier == nil || s.Policy != nil {
		return
	}
	if s.CertExpiry.IsZero() && s.State != STSNone {
		s.CertExpiry = earlier.CertExpiry
	}
	if earlier.Policy != nil && now.Before(earlier.Expires) {
		s.fallback = s.State
		s.Policy, s.Expires, s.State = earlier.Policy, earlier.Expires, earlier.Policy.Mode
		if s.ID == "" {
			s.ID = earlier.ID
		}
	}
}

// stsLookup looks up the MTA-STS policies of domains.
type stsLookup struct {
	querier  *querier
	fetcher  *Fetcher
	requests counter
	now      func() time.Time
}

type counter interface{ Add(n int64) int64 }

// lookup returns the state of a domain, given the one before.
func (l *stsLookup) lookup(ctx context.Context, domain string, earlier *STSState) *STSState {
	s := l.discover(ctx, domain)
	s.keep(earlier, l.now())
	return &s
}

// discover looks up the _mta-sts record and, if there is one, fetches the policy.
func (l *stsLookup) discover(ctx context.Context, domain string) STSState {
	txt, err := l.querier.lookup(ctx, "_mta-sts."+domain, dns.TypeTXT)
	if err != nil {
		return STSState{State: STSFetchError, Failure: STSPolicyFetchError, Err: err}
	}
	id, err := parseSTSRecord(txt.records)
	switch {
	case errors.Is(err, errNoSTSRecord):
		return STSState{State: STSNone}
	case err != nil:
		return STSState{State: STSInvalid, Failure: STSPolicyInvalid, Err: err}
	}
	s := l.fetch(ctx, domain)
	s.ID = id
	return s
}

// fetch fetches the policy.
func (l *stsLookup) fetch(ctx context.Context, domain string) STSState {
	addresses, err := l.addresses(ctx, policyHost+domain)
	if err != nil {
		return STSState{State: STSFetchError, Failure: STSPolicyFetchError, Err: err}
	}
	l.requests.Add(1)
	f := l.fetcher.fetch(ctx, domain, addresses)
	s := STSState{Policy: f.policy, Failure: f.failure, Err: f.err, CertExpiry: f.certExpiry}
	switch {
	case f.policy != nil:
		s.State, s.Expires = f.policy.Mode, l.now().Add(f.policy.MaxAge)
	case f.failure == STSPolicyInvalid:
		s.State = STSInvalid
	default:
		s.State = STSFetchError
	}
	return s
}

// maxPolicyAddresses is the maximum number of addresses tried for a policy host.
const maxPolicyAddresses = 8

// addresses looks up the addresses of a policy host.
func (l *stsLookup) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	var found []netip.Addr
	var failures error
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		a, err := l.querier.lookup(ctx, host, qtype)
		failures = errors.Join(failures, err)
		for _, record := range a.records {
			if ip, ok := dial.RecordAddr(record); ok {
				found = append(found, ip)
			}
		}
	}
	switch {
	case len(found) > 0:
		return found[:min(len(found), maxPolicyAddresses)], nil
	case failures != nil:
		return nil, failures
	}
	return nil, &lookupError{name: host, cause: "no address"}
}
