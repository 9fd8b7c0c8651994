package policy

import (
	"crypto/x509"
	"time"
)

// Delivery is the decision of one kind of sender.
type Delivery int

// The values of Delivery.
const (
	NoPolicy   Delivery = iota // no policy binds the sender
	Undecided                  // the session or a lookup ended too early
	Delivers                   // to this host
	WouldDefer                 // and try another host, or try again later
)

// Verdict describes what senders that honor DANE or MTA-STS would do with one host.
type Verdict struct {
	DANE        DANE   // empty if undecided
	Usable      int    // number of usable TLSA records
	Matching    int    // number of matching TLSA records; -1 if undecided
	Match       string // the first of them, such as "3 1 1"
	DeliverDANE Delivery

	// STS is empty without a domain, or if its lookup has not ended.
	STS        STS
	Policy     *STSPolicy // in effect; nil if there is none
	Covers     bool       // the policy lists the host; only if Policy is not nil
	ID         string
	CertExpiry time.Time // of the policy host's certificate; zero if unknown
	DeliverSTS Delivery

	Result Result // empty if undecided
	Errors []error
}

// Evaluate applies the policies of a host and its mail domain to a session. The
// host or the domain is nil if its lookup has not ended, or if there is none.
func Evaluate(host *HostRecords, domain *DomainRecords, s *Session) Verdict {
	v := Verdict{Matching: -1}
	v.Result = combine(v.evaluateDANE(host, domain, s), v.evaluateSTS(domain, s))
	if v.Result == Successful && s.Encryption == Unknown {
		v.Result = "" // a sender would not have delivered either
	}
	return v
}

// combine returns the result of both policies: the first failure, or else the one
// that is undecided. MTA-STS does not override DANE (RFC 8461 §2).
func combine(dane, sts Result) Result {
	switch {
	case dane != Successful && dane != "", sts == Successful:
		return dane
	}
	return sts
}

// evaluateDANE applies RFC 7672 §2.2.
func (v *Verdict) evaluateDANE(host *HostRecords, domain *DomainRecords, s *Session) Result {
	if domain != nil && domain.MXFailure != "" {
		v.Errors = append(v.Errors, domain.Err)
		return v.lookupFailed(domain.MXFailure, domain.Trusted)
	}
	if host == nil || s.Domain != "" && domain == nil {
		v.DeliverDANE = Undecided
		return ""
	}
	if host.Failure != "" {
		v.Errors = append(v.Errors, host.Err)
		return v.lookupFailed(host.Failure, host.Trusted)
	}
	usable := usableRecords(host.Records)
	v.Usable = len(usable)
	m := match{result: TLSAInvalid}
	if s.Encryption == Established {
		m = authenticate(usable, s.Chain, references(host, domain, s), s.Time)
	}
	if s.Encryption != Unknown || len(usable) == 0 {
		v.Matching, v.Match = m.matching, m.first
	}
	switch {
	case host.Indeterminate:
		v.DANE = DANEUnvalidated
		return Successful
	case len(host.Records) == 0:
		v.DANE = DANENone
		return Successful
	case !host.Secure || domain != nil && !domain.MXSecure:
		v.DANE = DANEUnvalidated
		return Successful
	case len(usable) == 0:
		v.DANE = DANEUnusable
		return v.requireTLS(s, Successful)
	case s.Encryption == Unknown:
		v.DeliverDANE = Undecided
		return ""
	}
	v.DANE = DANEOK
	if m.result != Successful {
		v.DANE = DANEMismatch
	}
	return v.requireTLS(s, m.result)
}

// lookupFailed is the outcome of a failed lookup, which never means that there is
// no DANE (RFC 7672 §2.1.1).
func (v *Verdict) lookupFailed(state DANE, trusted bool) Result {
	v.DANE, v.Matching = state, 0
	if trusted {
		v.DeliverDANE = WouldDefer
	}
	return DNSSECInvalid
}

// requireTLS is the outcome of DANE where TLS is mandatory.
func (v *Verdict) requireTLS(s *Session, authentication Result) Result {
	result, delivery := outcome(s, authentication)
	v.DeliverDANE = delivery
	return result
}

// outcome returns the outcome of a policy that requires TLS. The authentication is
// the result of authenticating the host, if TLS was established.
func outcome(s *Session, authentication Result) (Result, Delivery) {
	switch {
	case s.Encryption == Unknown:
		return "", Undecided
	case s.Encryption == NotOffered:
		return StartTLSNotSupported, WouldDefer
	case s.Encryption == Failed:
		return ValidationFailure, WouldDefer
	case authentication != Successful:
		return authentication, WouldDefer
	}
	return Successful, Delivers
}

// references returns the reference identifiers for DANE-TA (RFC 7672 §3.2.2): the
// TLSA base domain and, if the MX records are secure, the mail domain and the end
// of its CNAME chain.
func references(host *HostRecords, domain *DomainRecords, s *Session) []string {
	names := []string{host.Base}
	if domain != nil && domain.MXSecure {
		names = append(names, normalize(s.Domain), domain.MXName)
	}
	return names
}

// evaluateSTS applies RFC 8461 §4 and §5.
func (v *Verdict) evaluateSTS(domain *DomainRecords, s *Session) Result {
	if s.Domain == "" {
		return Successful
	}
	if domain == nil || domain.STS == nil {
		v.DeliverSTS = Undecided
		return ""
	}
	state := domain.STS.at(s.Time)
	v.STS, v.Policy, v.ID, v.CertExpiry = state.State, state.Policy, state.ID, state.CertExpiry
	if state.Err != nil {
		v.Errors = append(v.Errors, state.Err)
	}
	result := Successful
	if p := state.Policy; p != nil && p.Mode != STSNone && s.Host != "" {
		v.Covers = p.Covers(s.Host)
		result, v.DeliverSTS = outcome(s, authenticatePKIX(s))
		if !v.Covers {
			result, v.DeliverSTS = ValidationFailure, WouldDefer
		}
		if p.Mode == STSTesting {
			v.DeliverSTS = Delivers // and reports a failure (RFC 8461 §5)
		}
	}
	if (result == Successful || result == "") && state.Failure != "" {
		return state.Failure
	}
	return result
}

// authenticatePKIX authenticates the host as MTA-STS does: by a trusted certificate
// authority and the name of the MX host (RFC 8461 §4.2).
func authenticatePKIX(s *Session) Result {
	switch {
	case s.Encryption != Established:
		return ""
	case s.OldTLS:
		return ValidationFailure
	}
	hasName := func(leaf *x509.Certificate) bool { return hasDNSName(leaf, []string{s.Host}) }
	return verify(s.Chain, s.Roots, hasName, s.Time)
}
