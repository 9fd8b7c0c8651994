package policy

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestEvaluate_TLSA(t *testing.T) {
	t.Parallel()
	root := certs.NewAuthority("root")
	issuer := root.Intermediate("issuer")
	expiredIssuer := root.Intermediate("expired issuer", func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	name := certs.For("mx.test")
	good := chainOf(t, issuer.Issue(name), root)
	leaf, ca, rootCert := good[0], good[1], good[2]
	selfSigned := chainOf(t, certs.SelfSigned(certs.Expired(certs.For("other.test"))))
	expired := chainOf(t, issuer.Issue(certs.Expired(name)), root)
	other := chainOf(t, issuer.Issue(certs.For("other.test")), root)
	forDomain := chainOf(t, issuer.Issue(certs.For("domain.test")), root)
	commonName := chainOf(t, issuer.Issue(certs.Leaf{CommonName: "mx.test"}), root)
	ignoredCommonName := chainOf(t, issuer.Issue(certs.Leaf{CommonName: "mx.test", Hosts: []string{"other.test"}}), root)
	wildcard := chainOf(t, issuer.Issue(certs.For("*.test")), root)
	underExpired := chainOf(t, expiredIssuer.Issue(name), root)
	notYetValid := chainOf(t, issuer.Issue(certs.NotYetValid(name)), root)
	unrelated := certs.NewAuthority("unrelated").Certificate()

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
		{name: "2 1 2 of the root", records: []TLSA{record(2, 1, 2, rootCert)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 1 2", result: Successful},
		{name: "2 0 0", records: []TLSA{record(2, 0, 0, rootCert)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 0 0", result: Successful},
		{name: "2 1 0", records: []TLSA{record(2, 1, 0, ca)}, chain: good, want: DANEOK, usable: 1, matching: 1, match: "2 1 0", result: Successful},
		{name: "2 1 1, trust anchor not sent", records: []TLSA{record(2, 1, 1, rootCert)}, chain: good[:2], want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "2 1 1 of the leaf", records: []TLSA{record(2, 1, 1, leaf)}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "3 1 1 of the issuer", records: []TLSA{record(3, 1, 1, ca)}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "2 0 1 of an unrelated certificate in the chain", records: []TLSA{record(2, 0, 1, unrelated)}, chain: append(good[:3:3], unrelated),
			want: DANEMismatch, usable: 1, result: CertificateNotTrusted},
		{name: "DANE-EE, expired, other name", records: []TLSA{record(3, 1, 1, selfSigned[0])}, chain: selfSigned,
			want: DANEOK, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "DANE-TA, expired", records: []TLSA{record(2, 1, 1, ca)}, chain: expired, want: DANEMismatch, usable: 1, result: CertificateExpired},
		{name: "DANE-TA, expired intermediate", records: []TLSA{record(2, 1, 1, rootCert)}, chain: underExpired, want: DANEMismatch, usable: 1, result: CertificateExpired},
		{name: "DANE-TA, not yet valid", records: []TLSA{record(2, 1, 1, ca)}, chain: notYetValid, want: DANEMismatch, usable: 1, result: CertificateNotTrusted},
		{name: "DANE-TA, other name", records: []TLSA{record(2, 1, 1, ca)}, chain: other, want: DANEMismatch, usable: 1, result: CertificateHostMismatch},
		{name: "DANE-TA, name of the mail domain", records: []TLSA{record(2, 1, 1, ca)}, chain: forDomain, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "DANE-TA, wildcard", records: []TLSA{record(2, 1, 1, ca)}, chain: wildcard, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "DANE-TA, common name only", records: []TLSA{record(2, 1, 1, ca)}, chain: commonName, want: DANEOK, usable: 1, matching: 1, match: "2 1 1", result: Successful},
		{name: "DANE-TA, common name beside other names", records: []TLSA{record(2, 1, 1, ca)}, chain: ignoredCommonName, want: DANEMismatch, usable: 1, result: CertificateHostMismatch},
		{name: "DANE-TA fails, DANE-EE matches", records: []TLSA{record(2, 1, 1, ca), record(3, 1, 1, expired[0])}, chain: expired,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 1", result: Successful},
		{name: "rollover, second record matches", records: []TLSA{stale(record(3, 1, 1, leaf)), record(3, 1, 1, leaf)}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 1", result: Successful},
		{name: "stale record", records: []TLSA{stale(record(3, 1, 1, leaf))}, chain: good, want: DANEMismatch, usable: 1, result: TLSAInvalid},
		{name: "weaker digest matches", records: []TLSA{record(3, 1, 1, leaf), stale(record(3, 1, 2, leaf))}, chain: good,
			want: DANEMismatch, usable: 2, result: TLSAInvalid},
		{name: "stronger digest matches", records: []TLSA{stale(record(3, 1, 1, leaf)), record(3, 1, 2, leaf)}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 2", result: Successful},
		{name: "weaker digest of another selector matches", records: []TLSA{record(3, 0, 1, leaf), stale(record(3, 1, 2, leaf))}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 0 1", result: Successful},
		{name: "full record beside a stale digest", records: []TLSA{record(3, 1, 0, leaf), stale(record(3, 1, 2, leaf))}, chain: good,
			want: DANEOK, usable: 2, matching: 1, match: "3 1 0", result: Successful},
		{name: "malformed stronger digest", records: []TLSA{record(3, 1, 1, leaf), {Usage: 3, Selector: 1, Matching: 2, Data: make([]byte, 63)}}, chain: good,
			want: DANEOK, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "usage 0", records: []TLSA{record(0, 1, 1, ca)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "usage 1", records: []TLSA{record(1, 1, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "usage 4", records: []TLSA{record(4, 1, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "selector 2", records: []TLSA{record(3, 2, 1, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "matching type 3", records: []TLSA{record(3, 1, 3, leaf)}, chain: good, want: DANEUnusable, result: Successful},
		{name: "short digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1, Data: make([]byte, 31)}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "long digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1, Data: make([]byte, 33)}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "empty digest", records: []TLSA{{Usage: 3, Selector: 1, Matching: 1}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "3 0 0, not a certificate", records: []TLSA{{Usage: 3, Selector: 0, Matching: 0, Data: []byte("certificate")}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "3 0 0, a key", records: []TLSA{{Usage: 3, Selector: 0, Matching: 0, Data: leaf.RawSubjectPublicKeyInfo}}, chain: good, want: DANEUnusable, result: Successful},
		{name: "no records", chain: good, want: DANENone, result: Successful},
		{name: "not validated, match", records: []TLSA{record(3, 1, 1, leaf)}, insecure: true, chain: good,
			want: DANEUnvalidated, usable: 1, matching: 1, match: "3 1 1", result: Successful},
		{name: "not validated, mismatch", records: []TLSA{stale(record(3, 1, 1, leaf))}, insecure: true, chain: good, want: DANEUnvalidated, usable: 1, result: Successful},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host := &HostRecords{Base: "mx.test", Records: tt.records, Secure: !tt.insecure, Trusted: true}
			v := Evaluate(host, &DomainRecords{MXRecords: MXRecords{MXSecure: true}, STS: &STSState{State: STSNone}}, &Session{
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

func TestEvaluate_ManyRecords(t *testing.T) {
	t.Parallel()
	chain := chainOf(t, certs.SelfSigned(certs.For("mx.test")))
	good := record(3, 1, 1, chain[0])
	var records []TLSA
	for range 100 {
		records = append(records, stale(good))
	}
	host := &HostRecords{Base: "mx.test", Records: records, Secure: true}
	session := &Session{Host: "mx.test", Encryption: Established, Chain: chain, Time: time.Now()}
	require.Equal(t, DANEMismatch, Evaluate(host, nil, session).DANE)
	host.Records = append(host.Records, good)
	v := Evaluate(host, nil, session)
	require.Equal(t, DANEOK, v.DANE)
	require.Equal(t, 101, v.Usable)
	require.Equal(t, 1, v.Matching)
}

func TestTLSARecords_Limit(t *testing.T) {
	t.Parallel()
	records := make([]dns.RR, 2*maxRecords)
	for i := range records {
		records[i] = &dns.TLSA{Usage: 3, Selector: 1, MatchingType: 1, Certificate: "00"}
	}
	require.Len(t, tlsaRecords(records), maxRecords)
}
