package policy

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestJudge_TLSA(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	middle := root.Intermediate("middle")
	oldMiddle := root.Intermediate("old", func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	name := certs.For("mx.test")
	good := chainOf(t, middle.Issue(name), root)
	leaf, ca, top := good[0], good[1], good[2]
	self := chainOf(t, certs.SelfSigned(certs.Expired(certs.For("other.test"))))
	expired := chainOf(t, middle.Issue(certs.Expired(name)), root)
	other := chainOf(t, middle.Issue(certs.For("other.test")), root)
	ofDomain := chainOf(t, middle.Issue(certs.For("domain.test")), root)
	wild := chainOf(t, middle.Issue(certs.For("*.test")), root)
	below := chainOf(t, oldMiddle.Issue(name), root)
	future := chainOf(t, middle.Issue(certs.NotYetValid(name)), root)
	stranger := certs.NewAuthority("stranger").Certificate()

	for _, tt := range []struct {
		name     string
		records  []TLSA
		chain    []*x509.Certificate
		insecure bool
		want     DANE
		usable   int
		matching int
		match    string
		result   Result
	}{
		{name: "3 1 1", records: []TLSA{record(3, 1, 1, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "3 0 1", records: []TLSA{record(3, 0, 1, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 0 1", result: Successful},
		{name: "3 1 2", records: []TLSA{record(3, 1, 2, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 1 2", result: Successful},
		{name: "3 0 2", records: []TLSA{record(3, 0, 2, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 0 2", result: Successful},
		{name: "3 1 0", records: []TLSA{record(3, 1, 0, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 1 0", result: Successful},
		{name: "3 0 0", records: []TLSA{record(3, 0, 0, leaf)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "3 0 0", result: Successful},
		{name: "2 0 1", records: []TLSA{record(2, 0, 1, ca)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 0 1", result: Successful},
		{name: "2 1 1", records: []TLSA{record(2, 1, 1, ca)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "2 1 2 of the root", records: []TLSA{record(2, 1, 2, top)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 1 2", result: Successful},
		{name: "2 0 0", records: []TLSA{record(2, 0, 0, top)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 0 0", result: Successful},
		{name: "2 1 0", records: []TLSA{record(2, 1, 0, ca)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 1 0", result: Successful},
		{name: "the trust anchor is not sent", records: []TLSA{record(2, 1, 1, top)}, chain: good[:2], want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "the leaf is no trust anchor", records: []TLSA{record(2, 1, 1, leaf)}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "an authority is no end entity", records: []TLSA{record(3, 1, 1, ca)}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "an unrelated authority is sent along", records: []TLSA{record(2, 0, 1, stranger)}, chain: append(good[:3:3], stranger),
			want: DANEMismatch, usable: 1, result: CertificateNotTrusted},
		{name: "DANE-EE, expired and of another name", records: []TLSA{record(3, 1, 1, self[0])}, chain: self,
			want: DANEOK, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "DANE-TA, expired", records: []TLSA{record(2, 1, 1, ca)}, chain: expired, want: DANEMismatch, usable: 1, result: CertificateExpired},
		{name: "DANE-TA, an intermediate expired", records: []TLSA{record(2, 1, 1, top)}, chain: below, want: DANEMismatch, usable: 1, result: CertificateExpired},
		{name: "DANE-TA, not yet valid", records: []TLSA{record(2, 1, 1, ca)}, chain: future, want: DANEMismatch, usable: 1, result: CertificateNotTrusted},
		{name: "DANE-TA, of another name", records: []TLSA{record(2, 1, 1, ca)}, chain: other, want: DANEMismatch, usable: 1, result: CertificateHostMismatch},
		{name: "DANE-TA, of the domain", records: []TLSA{record(2, 1, 1, ca)}, chain: ofDomain, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "DANE-TA, wildcard", records: []TLSA{record(2, 1, 1, ca)}, chain: wild, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "DANE-TA fails, DANE-EE matches", records: []TLSA{record(2, 1, 1, ca), record(3, 1, 1, expired[0])}, chain: expired,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 1", result: Successful},
		{name: "both of a rollover", records: []TLSA{altered(record(3, 1, 1, leaf)), record(3, 1, 1, leaf)}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 1", result: Successful},
		{name: "after a renewal", records: []TLSA{altered(record(3, 1, 1, leaf))}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "the weaker digest matches", records: []TLSA{record(3, 1, 1, leaf), altered(record(3, 1, 2, leaf))}, chain: good,
			want: DANEMismatch, usable: 2, result: TLSAInvalid},
		{name: "the stronger digest matches", records: []TLSA{altered(record(3, 1, 1, leaf)), record(3, 1, 2, leaf)}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 2", result: Successful},
		{name: "a weaker digest of another selector", records: []TLSA{record(3, 0, 1, leaf), altered(record(3, 1, 2, leaf))}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 0 1", result: Successful},
		{name: "a full record beside a digest", records: []TLSA{record(3, 1, 0, leaf), altered(record(3, 1, 2, leaf))}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 0", result: Successful},
		{name: "a malformed stronger digest", records: []TLSA{record(3, 1, 1, leaf), {Usage: 3, Selector: 1, Matching: 2, Data: make([]byte, 63)}}, chain: good,
			want: DANEOK, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "usage 0", records: []TLSA{record(0, 1, 1, ca)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "usage 1", records: []TLSA{record(1, 1, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "usage 4", records: []TLSA{record(4, 1, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "selector 2", records: []TLSA{record(3, 2, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "matching type 3", records: []TLSA{record(3, 1, 3, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "short digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1, Data: make([]byte, 31)}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "long digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1, Data: make([]byte, 33)}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "no digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "a full record of garbage", records: []TLSA{{Usage: 3, Selector: 0, Matching: 0, Data: []byte("certificate")}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "a key where a certificate belongs", records: []TLSA{{Usage: 3, Selector: 0, Matching: 0, Data: leaf.RawSubjectPublicKeyInfo}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "no records", chain: good, want: DANENone, result: Successful},
		{name: "not validated, matching", records: []TLSA{record(3, 1, 1, leaf)}, insecure: true, chain: good,
			want: DANEUnvalidated, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "not validated, not matching", records: []TLSA{altered(record(3, 1, 1, leaf))}, insecure: true, chain: good, want: DANEUnvalidated, usable: 1, result: Successful},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := &HostRecords{Base: "mx.test", Names: []string{"mx.test"}, Records: tt.records, Secure: !tt.insecure, Trusted: true}
			v := Judge(host, &DomainRecords{MXRecords: MXRecords{MXSecure: true}, STS: &STSState{State: STSNone}}, &Session{
				Host: "mx.test", Domain: "domain.test", Encryption: Established, Chain: tt.chain, Time: time.Now(),
			})
			require.Equal(t, tt.want, v.DANE)
			require.Equal(t, tt.usable, v.Usable)
			require.Equal(t, tt.matching, v.Matching)
			require.Equal(t, tt.match, v.Match)
			require.Equal(t, tt.result, v.Result)
			delivery := map[DANE]Delivery{DANEOK: Delivers, DANEUnusable: Delivers, DANEMismatch: WouldDefer}[tt.want]
			require.Equal(t, delivery, v.DeliverDANE)
		})
	}
}

func TestJudge_ManyRecords(t *testing.T) {
	t.Parallel()
	chain := chainOf(t, certs.SelfSigned(certs.For("mx.test")))
	good := record(3, 1, 1, chain[0])
	var records []TLSA
	for range 100 {
		records = append(records, altered(good))
	}
	host := &HostRecords{Base: "mx.test", Names: []string{"mx.test"}, Records: records, Secure: true}
	session := &Session{Host: "mx.test", Encryption: Established, Chain: chain, Time: time.Now()}
	require.Equal(t, DANEMismatch, Judge(host, nil, session).DANE)
	host.Records = append(host.Records, good)
	v := Judge(host, nil, session)
	require.Equal(t, DANEOK, v.DANE)
	require.Equal(t, 101, v.Usable)
	require.Equal(t, 1, v.Matching)
}

func TestJudge_Sessions(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	name := certs.For("mx.domain.test")
	good := chainOf(t, root.Issue(name))
	matching := []TLSA{record(3, 1, 1, good[0])}
	unusable := []TLSA{record(1, 1, 1, good[0])}
	enforce := &STSPolicy{Mode: STSEnforce, MaxAge: time.Hour, MX: []string{"*.domain.test"}}
	testing3 := &STSPolicy{Mode: STSTesting, MaxAge: time.Hour, MX: []string{"mx.domain.test"}}
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

		dane     DANE
		byDANE   Delivery
		bySTS    Delivery
		uncovers bool
		want     Result
	}{
		{name: "nothing published", session: established(good), dane: DANENone, want: Successful},
		{name: "nothing published, no STARTTLS", session: Session{Encryption: NotOffered}, dane: DANENone, want: Successful},
		{name: "nothing published, the host is down", session: Session{}, dane: DANENone, want: ""},
		{name: "both", records: matching, policy: enforce, session: established(good), dane: DANEOK, byDANE: Delivers, bySTS: Delivers, want: Successful},
		{name: "DANE without STARTTLS", records: matching, session: Session{Encryption: NotOffered}, dane: DANEMismatch, byDANE: WouldDefer, want: StartTLSNotSupported},
		{name: "DANE, the handshake fails", records: matching, session: Session{Encryption: Failed}, dane: DANEMismatch, byDANE: WouldDefer, want: ValidationFailure},
		{name: "DANE, the host is down", records: matching, session: Session{}, dane: "", byDANE: Undecided, want: ""},
		{name: "unusable, encrypted", records: unusable, session: established(good), dane: DANEUnusable, byDANE: Delivers, want: Successful},
		{name: "unusable without STARTTLS", records: unusable, session: Session{Encryption: NotOffered}, dane: DANEUnusable, byDANE: WouldDefer, want: StartTLSNotSupported},
		{name: "unusable, the host is down", records: unusable, dane: DANEUnusable, byDANE: Undecided, want: ""},
		{name: "bogus", host: func(h *HostRecords) { h.Failure = DANEBogus }, session: established(good), dane: DANEBogus, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "failed lookup", host: func(h *HostRecords) { h.Failure = DANEError }, session: established(good), dane: DANEError, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "failed lookup, DNSSEC off", host: func(h *HostRecords) { h.Failure, h.Trusted = DANEError, false }, session: established(good), dane: DANEError, want: DNSSECInvalid},
		{name: "bogus MX", records: matching, domain: func(d *DomainRecords) { d.MXFailure = DANEBogus }, session: established(good), dane: DANEBogus, byDANE: WouldDefer, want: DNSSECInvalid},
		{name: "MX not validated", records: matching, domain: func(d *DomainRecords) { d.MXSecure = false }, session: established(good), dane: DANEUnvalidated, want: Successful},
		{name: "an unsigned zone that fails for TLSA", host: func(h *HostRecords) { h.Unknown = true }, session: established(good), dane: DANEUnvalidated, want: Successful},
		{name: "bogus beats MTA-STS", host: func(h *HostRecords) { h.Failure = DANEBogus }, policy: enforce, session: established(good), dane: DANEBogus, byDANE: WouldDefer, bySTS: Delivers, want: DNSSECInvalid},

		{name: "enforce", policy: enforce, session: established(good), dane: DANENone, bySTS: Delivers, want: Successful},
		{name: "enforce without STARTTLS", policy: enforce, session: Session{Encryption: NotOffered}, dane: DANENone, bySTS: WouldDefer, want: StartTLSNotSupported},
		{name: "enforce, the handshake fails", policy: enforce, session: Session{Encryption: Failed}, dane: DANENone, bySTS: WouldDefer, want: ValidationFailure},
		{name: "enforce, the host is down", policy: enforce, session: Session{}, dane: DANENone, bySTS: Undecided, want: ""},
		{name: "enforce, expired", policy: enforce, session: established(chainOf(t, root.Issue(certs.Expired(name)))), dane: DANENone, bySTS: WouldDefer, want: CertificateExpired},
		{name: "enforce, not yet valid", policy: enforce, session: established(chainOf(t, root.Issue(certs.NotYetValid(name)))), dane: DANENone, bySTS: WouldDefer, want: CertificateNotTrusted},
		{name: "enforce, of another name", policy: enforce, session: established(chainOf(t, root.Issue(certs.For("domain.test")))), dane: DANENone, bySTS: WouldDefer, want: CertificateHostMismatch},
		{name: "enforce, self-signed", policy: enforce, session: established(chainOf(t, certs.SelfSigned(name))), dane: DANENone, bySTS: WouldDefer, want: CertificateNotTrusted},
		{name: "enforce, TLS 1.1", policy: enforce, session: Session{Encryption: Established, Chain: good, OldTLS: true}, dane: DANENone, bySTS: WouldDefer, want: ValidationFailure},
		{name: "enforce does not list the host", policy: elsewhere, session: established(good), dane: DANENone, bySTS: WouldDefer, uncovers: true, want: ValidationFailure},
		{name: "DANE-EE, but no certificate for MTA-STS", records: []TLSA{record(3, 1, 1, chainOf(t, certs.SelfSigned(name))[0])}, policy: enforce,
			session: established(chainOf(t, certs.SelfSigned(name))), dane: DANEMismatch, byDANE: WouldDefer, bySTS: WouldDefer, want: TLSAInvalid},
		{name: "testing", policy: testing3, session: established(good), dane: DANENone, bySTS: Delivers, want: Successful},
		{name: "testing, expired", policy: testing3, session: established(chainOf(t, root.Issue(certs.Expired(name)))), dane: DANENone, bySTS: Delivers, want: CertificateExpired},
		{name: "testing without STARTTLS", policy: testing3, session: Session{Encryption: NotOffered}, dane: DANENone, bySTS: Delivers, want: StartTLSNotSupported},
		{name: "mode none", policy: none, session: Session{Encryption: NotOffered}, dane: DANENone, want: Successful},
		{name: "an earlier policy outlives a failed fetch", policy: enforce, domain: func(d *DomainRecords) { d.STS.Failure = STSWebPKIInvalid },
			session: established(good), dane: DANENone, bySTS: Delivers, want: STSWebPKIInvalid},
		{name: "the policy host takes its time", records: matching, domain: func(d *DomainRecords) { d.STS = nil },
			session: established(good), dane: DANEOK, byDANE: Delivers, bySTS: Undecided, want: ""},
		{name: "the policy host takes its time, DANE fails", records: []TLSA{altered(matching[0])}, domain: func(d *DomainRecords) { d.STS = nil },
			session: established(good), dane: DANEMismatch, byDANE: WouldDefer, bySTS: Undecided, want: TLSAInvalid},
		{name: "fetch error", domain: func(d *DomainRecords) { d.STS.State, d.STS.Failure = STSFetchError, STSPolicyFetchError },
			session: established(good), dane: DANENone, want: STSPolicyFetchError},
		{name: "fetch error, the host is down", records: matching, domain: func(d *DomainRecords) { d.STS.State, d.STS.Failure = STSFetchError, STSPolicyFetchError },
			byDANE: Undecided, want: STSPolicyFetchError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := &HostRecords{Base: "mx.domain.test", Names: []string{"mx.domain.test"}, Records: tt.records, Secure: true, Trusted: true}
			if tt.host != nil {
				tt.host(host)
			}
			domain := &DomainRecords{MXRecords: MXRecords{MXSecure: true, Trusted: true}, STS: &STSState{State: STSNone, Policy: tt.policy}}
			if tt.domain != nil {
				tt.domain(domain)
			}
			s := tt.session
			s.Host, s.Domain, s.Roots, s.Time = "mx.domain.test", "domain.test", root.Pool(), time.Now()
			v := Judge(host, domain, &s)
			require.Equal(t, tt.dane, v.DANE)
			require.Equal(t, tt.byDANE, v.DeliverDANE)
			require.Equal(t, tt.bySTS, v.DeliverSTS)
			require.Equal(t, tt.want, v.Result)
			if v.DeliverSTS != NoPolicy && v.Policy != nil {
				require.Equal(t, !tt.uncovers, v.Covers)
			}
		})
	}
}

func TestJudge_Alias(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	for _, name := range []string{"mx.test", "end.test", "domain.test"} {
		chain := chainOf(t, root.Issue(certs.For(name)), root)
		host := &HostRecords{Base: "end.test", Names: []string{"mx.test", "end.test"}, Records: []TLSA{record(2, 1, 1, root.Certificate())}, Secure: true}
		session := &Session{Host: "mx.test", Domain: "domain.test", Encryption: Established, Chain: chain, Time: time.Now()}
		require.Equal(t, DANEOK, Judge(host, &DomainRecords{MXRecords: MXRecords{MXSecure: true}, STS: &STSState{State: STSNone}}, session).DANE, name)
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	good, byDANE, bySTS := &Verdict{DeliverDANE: Delivers, DeliverSTS: Delivers}, &Verdict{DeliverDANE: WouldDefer}, &Verdict{DeliverSTS: WouldDefer}
	both := &Verdict{DeliverDANE: WouldDefer, DeliverSTS: WouldDefer}
	open := &Verdict{DeliverDANE: Undecided, DeliverSTS: Undecided}
	for _, tt := range []struct {
		name         string
		verdicts     []*Verdict
		yes, decided bool
		dane, sts    int
	}{
		{name: "one good host", verdicts: []*Verdict{good}, yes: true, decided: true},
		{name: "one of two", verdicts: []*Verdict{both, good}, yes: true, decided: true, dane: 1, sts: 1},
		{name: "each kind has another host", verdicts: []*Verdict{byDANE, bySTS}, yes: true, decided: true, dane: 1, sts: 1},
		{name: "all fail by DANE", verdicts: []*Verdict{byDANE, byDANE}, decided: true, dane: 2},
		{name: "one fails, the other is down", verdicts: []*Verdict{both, open}, dane: 1, sts: 1},
		{name: "one is good, the other is down", verdicts: []*Verdict{good, open}, yes: true, decided: true},
		{name: "all are down", verdicts: []*Verdict{open}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := NewDomain([]string{"0", "1"})
			for i, v := range tt.verdicts {
				d.Add(string(rune('0'+i)), v)
			}
			yes, decided := d.Delivers()
			require.Equal(t, tt.yes, yes)
			require.Equal(t, tt.decided, decided)
			require.Equal(t, tt.dane, d.FailingDANE())
			require.Equal(t, tt.sts, d.FailingSTS())
		})
	}
}

// Without its MX records it is not known where the mail of a domain would go.
func TestDomain_WithoutHosts(t *testing.T) {
	t.Parallel()
	d := NewDomain(nil)
	d.Add("", &Verdict{DeliverDANE: NoPolicy, DeliverSTS: NoPolicy})
	_, decided := d.Delivers()
	require.False(t, decided)

	d = NewDomain(nil)
	d.Add("", &Verdict{DeliverDANE: WouldDefer})
	yes, decided := d.Delivers()
	require.True(t, decided, "a bogus MX record stops every DANE sender")
	require.False(t, yes)
}
