package policy

import (
	"crypto/x509"
	"time"
)

// Encryption is how far a session got with TLS.
type Encryption int

// The states of encryption.
const (
	Unknown     Encryption = iota // the session ended before it could tell
	NotOffered                    // STARTTLS was not offered, or refused
	Failed                        // the handshake failed
	Established                   // the handshake succeeded, but for the certificate
)

// Session is what a session with a host showed.
type Session struct {
	Host       string // name of the host
	Domain     string // mail domain that it is an MX host of, if any
	Encryption Encryption
	Chain      []*x509.Certificate // as sent, the host's own first; if Established
	OldTLS     bool                // TLS 1.0 or 1.1, which MTA-STS does not permit
	Roots      *x509.CertPool      // for MTA-STS; nil: the system's
	Time       time.Time
}

// Delivery is what one kind of sender would do.
type Delivery int

// The deliveries.
const (
	NoPolicy   Delivery = iota // nothing is demanded of such a sender
	Undecided                  // the session or a lookup ended too early
	Delivers                   // by this host
	WouldDefer                 // and try another host, or later
)

// Verdict is what careful senders would do with one host.
type Verdict struct {
	DANE             DANE // empty if undecided
	Usable, Matching int  // TLSA records; Matching is -1 if undecided
	Match            string
	DeliverDANE      Delivery

	// STS is empty without a domain, or if its look has not ended.
	STS        STS
	Covers     bool // the policy lists the host; only if Policy is not nil
	Policy     *STSPolicy
	ID         string
	CertExpiry time.Time // of the policy host's certificate; zero if unknown
	DeliverSTS Delivery

	Result Result // empty if undecided
	Errors []error
}

// Judge compares what is published with a session. Either of host and domain may
// be nil: nothing is known of it.
func Judge(host *HostRecords, domain *DomainRecords, s *Session) Verdict {
	v := Verdict{Matching: -1}
	dane := v.judgeDANE(host, domain, s)
	sts := v.judgeSTS(domain, s)
	v.Result = worse(dane, sts)
	if v.Result == Successful && s.Encryption == Unknown { // nothing was delivered to
		v.Result = ""
	}
	return v
}

// worse joins two results. A failing DANE is never overridden by MTA-STS (RFC
// 8461 §2).
func worse(dane, sts Result) Result {
	switch {
	case dane != Successful && dane != "", sts == Successful:
		return dane
	}
	return sts
}

// judgeDANE follows RFC 7672 §2.2, and returns the result that DANE leads to.
func (v *Verdict) judgeDANE(host *HostRecords, domain *DomainRecords, s *Session) Result {
	if domain != nil && domain.MXFailure != "" {
		v.Errors = append(v.Errors, domain.Err)
		return v.daneFailed(domain.MXFailure, domain.Trusted)
	}
	if host == nil || s.Domain != "" && domain == nil {
		v.DeliverDANE = Undecided
		return ""
	}
	if host.Failure != "" {
		v.Errors = append(v.Errors, host.Err)
		return v.daneFailed(host.Failure, host.Trusted)
	}
	usable := usableOf(host.Records)
	v.Usable = len(usable)
	found := match{failure: TLSAInvalid}
	if s.Encryption == Established {
		found = compare(usable, s.Chain, host.references(domain, s), s.Time)
	}
	if s.Encryption != Unknown || len(usable) == 0 {
		v.Matching, v.Match = found.matching, found.first
	}
	switch {
	case host.Unknown:
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
		return v.daneNeeds(s, Successful)
	case s.Encryption == Unknown:
		v.DeliverDANE = Undecided
		return ""
	}
	v.DANE = DANEOK
	if found.failure != Successful {
		v.DANE = DANEMismatch
	}
	return v.daneNeeds(s, found.failure)
}

// daneFailed is a lookup that failed: that is never "no DANE" (RFC 7672 §2.1.1).
func (v *Verdict) daneFailed(state DANE, trusted bool) Result {
	v.DANE, v.Matching = state, 0
	if trusted {
		v.DeliverDANE = WouldDefer
	}
	return DNSSECInvalid
}

// daneNeeds is the outcome where TLS is mandatory.
func (v *Verdict) daneNeeds(s *Session, authentication Result) Result {
	result, delivery := demandTLS(s, authentication)
	v.DeliverDANE = delivery
	return result
}

// demandTLS is the outcome of a policy that demands TLS and, if that is
// established, authentication with this result.
func demandTLS(s *Session, authentication Result) (Result, Delivery) {
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

// references are the names that a certificate may have under DANE-TA (RFC 7672
// §3.2.2): the base first, and the domain where its MX records are secure.
func (h *HostRecords) references(domain *DomainRecords, s *Session) []string {
	names := append([]string{h.Base}, h.Names...)
	if domain != nil && domain.MXSecure && s.Domain != "" {
		names = append(names, domainName(s.Domain))
	}
	return names
}

// judgeSTS follows RFC 8461 §4 and §5, and returns the result that MTA-STS leads
// to.
func (v *Verdict) judgeSTS(domain *DomainRecords, s *Session) Result {
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
		result, v.DeliverSTS = demandTLS(s, authentication(s))
		if !v.Covers {
			result, v.DeliverSTS = ValidationFailure, WouldDefer
		}
		if p.Mode == STSTesting { // a failure is reported, and the mail delivered
			v.DeliverSTS = Delivers
		}
	}
	if (result == Successful || result == "") && state.Failure != "" {
		return state.Failure
	}
	return result
}

// authentication is that of MTA-STS: by a public certificate authority.
func authentication(s *Session) Result {
	switch {
	case s.Encryption != Established:
		return ""
	case s.OldTLS:
		return ValidationFailure
	}
	return verify(s.Chain, s.Roots, []string{s.Host}, s.Time)
}

// Domain is what careful senders would do with all MX hosts of a domain.
type Domain struct {
	hosts       map[string]bool
	failingDANE map[string]bool
	failingSTS  map[string]bool
	byDANE      tally
	bySTS       tally
}

// tally is whether one kind of sender finds a host to deliver to.
type tally struct{ delivers, undecided bool }

func (t *tally) add(d Delivery) {
	t.delivers = t.delivers || d == Delivers || d == NoPolicy
	t.undecided = t.undecided || d == Undecided
}

// NewDomain begins the verdict on a domain with these hosts.
func NewDomain(hosts []string) *Domain {
	d := &Domain{hosts: make(map[string]bool), failingDANE: make(map[string]bool), failingSTS: make(map[string]bool)}
	for _, h := range hosts {
		d.hosts[h] = true
	}
	return d
}

// Add counts the verdict on one host, or on one of its addresses. The host is
// empty where the MX records could not be looked up.
func (d *Domain) Add(host string, v *Verdict) {
	d.byDANE.add(v.DeliverDANE)
	d.bySTS.add(v.DeliverSTS)
	if host == "" {
		return
	}
	if v.DeliverDANE == WouldDefer {
		d.failingDANE[host] = true
	}
	if v.DeliverSTS == WouldDefer {
		d.failingSTS[host] = true
	}
}

// Skip counts a host that was not probed.
func (d *Domain) Skip() {
	d.byDANE.undecided, d.bySTS.undecided = true, true
}

// Hosts is how many hosts the domain has.
func (d *Domain) Hosts() int { return len(d.hosts) }

// FailingDANE is how many hosts a DANE sender would not deliver to.
func (d *Domain) FailingDANE() int { return len(d.failingDANE) }

// FailingSTS is how many hosts an MTA-STS sender would not deliver to.
func (d *Domain) FailingSTS() int { return len(d.failingSTS) }

// Delivers reports whether each kind of sender finds a host to deliver to, and
// whether that is decided.
func (d *Domain) Delivers() (yes, decided bool) {
	yes, decided = true, true
	for _, t := range []tally{d.byDANE, d.bySTS} {
		switch {
		case t.delivers:
		case t.undecided:
			yes, decided = false, false
		default:
			return false, true
		}
	}
	if len(d.hosts) == 0 { // of hosts that are not known nothing is known
		return false, false
	}
	return yes, decided
}
