package policy

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	name := certs.For("mx.domain.test")
	good := chainOf(t, root.Issue(name))
	matching := []TLSA{record(3, 1, 1, good[0])}
	unusable := []TLSA{record(1, 1, 1, good[0])}
	enforce := &STSPolicy{Mode: STSEnforce, MaxAge: time.Hour, MX: []string{"*.domain.test"}}
	testOnly := &STSPolicy{Mode: STSTesting, MaxAge: time.Hour, MX: []string{"mx.domain.test"}}
	none := &STSPolicy{Mode: STSNone}
	elsewhere := &STSPolicy{Mode: STSEnforce, MX: []string{"mx2.domain.test"}}
	established := func(c []*x509.Certificate) Session { return Session{Encryption: Established, Chain: c} }

	for _, tt := range []struct {
		name    string
		records []TLSA
		host    func(*HostRecords)
		domain  func(*DomainRecords)
		policy  *STSPolicy
		session Session

		dane      DANE
		byDANE    Delivery
		bySTS     Delivery
		uncovered bool
		want      Result
	}{
		{name: "nothing published", session: established(good), dane: DANENone, want: Successful},
		{name: "nothing published, no STARTTLS", session: Session{Encryption: NotOffered}, dane: DANENone, want: Successful},
		{name: "nothing published, no session", session: Session{}, dane: DANENone, want: ""},
		{name: "DANE and enforce", records: matching, policy: enforce, session: established(good), dane: DANEOK, byDANE: Delivers, bySTS: Delivers, want: Successful},
		{name: "DANE, no STARTTLS", records: matching, session: Session{Encryption: NotOffered}, dane: DANEMismatch, byDANE: WouldDefer, want: StartTLSNotSupported},
		{name: "DANE, failed handshake", records: matching, session: Session{Encryption: Failed}, dane: DANEMismatch, byDANE: WouldDefer, want: ValidationFailure},
		{name: "DANE, no session", records: matching, session: Session{}, dane: "", byDANE: Undecided, want: ""},
		{name: "unusable records, TLS", records: unusable, session: established(good), dane: DANEUnusable, byDANE: Delivers, want: Successful},
		{name: "unusable records, no STARTTLS", records: unusable, session: Session{Encryption: NotOffered}, dane: DANEUnusable, byDANE: WouldDefer, want: StartTLSNotSupported},
		{name: "unusable records, no session", records: unusable, dane: DANEUnusable, byDANE: Undecided, want: ""},
		{name: "bogus host", host: func(h *HostRecords) { h.Failure = DANEBogus }, session: established(good), dane: DANEBogus, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "failed host lookup", host: func(h *HostRecords) { h.Failure = DANEError }, session: established(good), dane: DANEError, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "failed host lookup, DNSSEC off", host: func(h *HostRecords) { h.Failure, h.Trusted = DANEError, false }, session: established(good), dane: DANEError, want: DNSSECInvalid},
		{name: "bogus MX", records: matching, domain: func(d *DomainRecords) { d.MXFailure = DANEBogus }, session: established(good), dane: DANEBogus, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "insecure MX", records: matching, domain: func(d *DomainRecords) { d.MXSecure = false }, session: established(good), dane: DANEUnvalidated, want: Successful},
		{name: "failed TLSA lookup in an unsigned zone", host: func(h *HostRecords) { h.Indeterminate = true }, session: established(good), dane: DANEUnvalidated, want: Successful},
		{name: "bogus host, enforce", host: func(h *HostRecords) { h.Failure = DANEBogus }, policy: enforce, session: established(good), dane: DANEBogus, byDANE: WouldDefer, bySTS: Delivers, want: DNSSECInvalid},

		{name: "enforce", policy: enforce, session: established(good), dane: DANENone, bySTS: Delivers, want: Successful},
		{name: "enforce, no STARTTLS", policy: enforce, session: Session{Encryption: NotOffered}, dane: DANENone, bySTS: WouldDefer, want: StartTLSNotSupported},
		{name: "enforce, failed handshake", policy: enforce, session: Session{Encryption: Failed}, dane: DANENone, bySTS: WouldDefer, want: ValidationFailure},
		{name: "enforce, no session", policy: enforce, session: Session{}, dane: DANENone, bySTS: Undecided, want: ""},
		{name: "enforce, expired", policy: enforce, session: established(chainOf(t, root.Issue(certs.Expired(name)))), dane: DANENone, bySTS: WouldDefer, want: CertificateExpired},
		{name: "enforce, not yet valid", policy: enforce, session: established(chainOf(t, root.Issue(certs.NotYetValid(name)))), dane: DANENone, bySTS: WouldDefer, want: CertificateNotTrusted},
		{name: "enforce, other name", policy: enforce, session: established(chainOf(t, root.Issue(certs.For("domain.test")))), dane: DANENone, bySTS: WouldDefer, want: CertificateHostMismatch},
		{name: "enforce, self-signed", policy: enforce, session: established(chainOf(t, certs.SelfSigned(name))), dane: DANENone, bySTS: WouldDefer, want: CertificateNotTrusted},
		{name: "enforce, TLS 1.1", policy: enforce, session: Session{Encryption: Established, Chain: good, OldTLS: true}, dane: DANENone, bySTS: WouldDefer, want: ValidationFailure},
		{name: "enforce, host not listed", policy: elsewhere, session: established(good), dane: DANENone, bySTS: WouldDefer, uncovered: true, want: ValidationFailure},
		{name: "stale DANE-EE, enforce, self-signed", records: []TLSA{record(3, 1, 1, chainOf(t, certs.SelfSigned(name))[0])}, policy: enforce,
			session: established(chainOf(t, certs.SelfSigned(name))), dane: DANEMismatch, byDANE: WouldDefer, bySTS: WouldDefer, want: TLSAInvalid},
		{name: "testing", policy: testOnly, session: established(good), dane: DANENone, bySTS: Delivers, want: Successful},
		{name: "testing, expired", policy: testOnly, session: established(chainOf(t, root.Issue(certs.Expired(name)))), dane: DANENone, bySTS: Delivers, want: CertificateExpired},
		{name: "testing, no STARTTLS", policy: testOnly, session: Session{Encryption: NotOffered}, dane: DANENone, bySTS: Delivers, want: StartTLSNotSupported},
		{name: "mode none", policy: none, session: Session{Encryption: NotOffered}, dane: DANENone, want: Successful},
		{name: "cached enforce, failed fetch", policy: enforce, domain: func(d *DomainRecords) { d.STS.Failure = STSWebPKIInvalid },
			session: established(good), dane: DANENone, bySTS: Delivers, want: STSWebPKIInvalid},
		{name: "slow policy host, DANE match", records: matching, domain: func(d *DomainRecords) { d.STS = nil },
			session: established(good), dane: DANEOK, byDANE: Delivers, bySTS: Undecided, want: ""},
		{name: "slow policy host, DANE mismatch", records: []TLSA{stale(matching[0])}, domain: func(d *DomainRecords) { d.STS = nil },
			session: established(good), dane: DANEMismatch, byDANE: WouldDefer, bySTS: Undecided, want: TLSAInvalid},
		{name: "failed fetch", domain: func(d *DomainRecords) { d.STS.State, d.STS.Failure = STSFetchError, STSPolicyFetchError },
			session: established(good), dane: DANENone, want: STSPolicyFetchError},
		{name: "failed fetch, no session", records: matching, domain: func(d *DomainRecords) { d.STS.State, d.STS.Failure = STSFetchError, STSPolicyFetchError },
			byDANE: Undecided, want: STSPolicyFetchError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := &HostRecords{Base: "mx.domain.test", Records: tt.records, Secure: true, Trusted: true}
			if tt.host != nil {
				tt.host(host)
			}
			domain := &DomainRecords{MXRecords: MXRecords{MXSecure: true, Trusted: true}, STS: &STSState{State: STSNone, Policy: tt.policy}}
			if tt.domain != nil {
				tt.domain(domain)
			}
			s := tt.session
			s.Host, s.Domain, s.Roots, s.Time = "mx.domain.test", "domain.test", root.Pool(), time.Now()
			v := Evaluate(host, domain, &s)
			require.Equal(t, tt.dane, v.DANE)
			require.Equal(t, tt.byDANE, v.DeliverDANE)
			require.Equal(t, tt.bySTS, v.DeliverSTS)
			require.Equal(t, tt.want, v.Result)
			if v.DeliverSTS != NoPolicy && v.Policy != nil {
				require.Equal(t, !tt.uncovered, v.Covers)
			}
		})
	}
}

// Under DANE-TA a certificate may have the name of the TLSA base domain, the mail
// domain, or the target of the mail domain's CNAME record.
func TestEvaluate_ReferenceIdentifiers(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	host := &HostRecords{Base: "target.test", Records: []TLSA{record(2, 1, 1, root.Certificate())}, Secure: true}
	for _, tt := range []struct {
		name   string
		domain string
		want   DANE
	}{
		{name: "target.test", domain: "domain.test", want: DANEOK},
		{name: "domain.test", domain: "domain.test", want: DANEOK},
		{name: "expanded.test", domain: "domain.test", want: DANEOK},
		{name: "mx.test", domain: "domain.test", want: DANEMismatch},
		{name: "target.test", want: DANEOK},
		{name: "mx.test", want: DANEMismatch},
		{name: "domain.test", want: DANEMismatch},
	} {
		session := &Session{
			Host: "mx.test", Domain: tt.domain, Encryption: Established, Time: time.Now(),
			Chain: chainOf(t, root.Issue(certs.For(tt.name)), root),
		}
		var domain *DomainRecords
		if tt.domain != "" {
			domain = &DomainRecords{MXRecords: MXRecords{MXSecure: true, MXName: "expanded.test"}, STS: &STSState{State: STSNone}}
		}
		require.Equal(t, tt.want, Evaluate(host, domain, session).DANE, "%+v", tt)
	}
}
