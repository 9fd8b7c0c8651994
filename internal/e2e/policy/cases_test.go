//go:build e2e

package policy

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// hostCase is a host with TLSA records, and its verdict. In records, HOST stands
// for its name and ADDRESS for its address.
type hostCase struct {
	name     string
	zone     string // secureZone if empty
	relay    smtptest.Script
	tlsa     []string // TLSA records at _25._tcp.HOST
	records  []string // more records of the zone
	insecure []string // records of the insecure zone
	alias    bool     // HOST has no A record but those in records
	bogus    bool     // _tcp.HOST is a zone with a wrong trust anchor
	dead     bool     // _tcp.HOST is a zone whose server does not reply
	dane     string
	result   string
	differs  string // why the verdict is not compared with that of posttls-finger
}

// tlsa returns the data of a TLSA record for a certificate.
func tlsa(usage, selector, matching int, der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	data := c.Raw
	if selector == 1 {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case 1:
		sum := sha256.Sum256(data)
		data = sum[:]
	case 2:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return fmt.Sprintf("%d %d %d %s", usage, selector, matching, hex.EncodeToString(data))
}

// stale returns a record with the same parameters that matches nothing.
func stale(record string) string {
	fields := strings.Fields(record)
	n := len(fields[3])
	if fields[2] == "0" { // it has to be a certificate or a key
		other := certs.SelfSigned(certs.For("unrelated.test")).Certificate[0]
		usage, errUsage := strconv.Atoi(fields[0])
		selector, errSelector := strconv.Atoi(fields[1])
		if err := errors.Join(errUsage, errSelector); err != nil {
			panic(err)
		}
		return tlsa(usage, selector, 0, other)
	}
	return strings.Join(append(fields[:3:3], strings.Repeat("0f", n/2)), " ")
}

const successful = "successful"

func hostCases() []hostCase {
	root := certs.NewAuthority("root")
	issuer := root.Intermediate("issuer")
	expiredIssuer := root.Intermediate("expired issuer", func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	name := certs.For("*." + secureZone)
	withRoot := func(c tls.Certificate) tls.Certificate {
		c.Certificate = append(c.Certificate[:len(c.Certificate):len(c.Certificate)], root.Certificate().Raw)
		return c
	}
	serve := func(c tls.Certificate) smtptest.Script { return smtptest.Script{TLS: certs.Server(c)} }
	good := withRoot(issuer.Issue(name))
	leaf, ca, rootDER := good.Certificate[0], good.Certificate[1], good.Certificate[2]
	relay := serve(good)

	var cases []hostCase
	add := func(c hostCase) { cases = append(cases, c) }
	for _, usage := range []int{2, 3} {
		der := map[int][]byte{2: ca, 3: leaf}[usage]
		for selector := range 2 {
			for matching := range 3 {
				record := tlsa(usage, selector, matching, der)
				add(hostCase{name: fmt.Sprintf("%d %d %d", usage, selector, matching), relay: relay, tlsa: []string{record}, dane: "ok", result: successful})
				add(hostCase{name: fmt.Sprintf("%d %d %d, stale", usage, selector, matching), relay: relay, tlsa: []string{stale(record)}, dane: "mismatch", result: "tlsa-invalid"})
			}
		}
	}
	ee, ta := tlsa(3, 1, 1, leaf), tlsa(2, 1, 1, ca)
	expired, other := withRoot(issuer.Issue(certs.Expired(name))), withRoot(issuer.Issue(certs.For("other.test")))
	selfSigned := certs.SelfSigned(certs.Expired(certs.For("other.test")))
	withoutRoot := issuer.Issue(name)
	underExpired := withRoot(expiredIssuer.Issue(name))
	notYetValid := withRoot(issuer.Issue(certs.NotYetValid(name)))

	for _, c := range []hostCase{
		{name: "2 1 1 of the root", relay: relay, tlsa: []string{tlsa(2, 1, 1, rootDER)}, dane: "ok", result: successful},
		{name: "2 0 2 of the root", relay: relay, tlsa: []string{tlsa(2, 0, 2, rootDER)}, dane: "ok", result: successful},
		{name: "trust anchor not sent", relay: serve(withoutRoot), tlsa: []string{tlsa(2, 1, 1, rootDER)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "trust anchor not sent, full record", relay: serve(withoutRoot), tlsa: []string{tlsa(2, 0, 0, rootDER)}, dane: "mismatch", result: "tlsa-invalid",
			differs: "OpenSSL completes the chain from the record"},
		{name: "2 1 1 of the leaf", relay: relay, tlsa: []string{tlsa(2, 1, 1, leaf)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "3 1 1 of the issuer", relay: relay, tlsa: []string{tlsa(3, 1, 1, ca)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "DANE-EE, expired", relay: serve(expired), tlsa: []string{tlsa(3, 1, 1, expired.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE, other name", relay: serve(other), tlsa: []string{tlsa(3, 0, 1, other.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE, self-signed, expired, other name", relay: serve(selfSigned), tlsa: []string{tlsa(3, 1, 2, selfSigned.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE, not yet valid", relay: serve(notYetValid), tlsa: []string{tlsa(3, 1, 1, notYetValid.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-TA, expired", relay: serve(expired), tlsa: []string{ta}, dane: "mismatch", result: "certificate-expired"},
		{name: "DANE-TA, not yet valid", relay: serve(notYetValid), tlsa: []string{ta}, dane: "mismatch", result: "certificate-not-trusted"},
		{name: "DANE-TA, expired intermediate", relay: serve(underExpired), tlsa: []string{tlsa(2, 1, 1, rootDER)}, dane: "mismatch", result: "certificate-expired"},
		{name: "DANE-TA, other name", relay: serve(other), tlsa: []string{ta}, dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA, unrelated certificate in the chain", relay: serve(appendCertificate(good, selfSigned)), tlsa: []string{tlsa(2, 0, 1, selfSigned.Certificate[0])},
			dane: "mismatch", result: "certificate-not-trusted"},
		{name: "rollover, second record matches", relay: relay, tlsa: []string{stale(ee), ee}, dane: "ok", result: successful},
		{name: "two stale records", relay: relay, tlsa: []string{stale(ee), stale(tlsa(3, 0, 1, leaf))}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "weaker digest matches", relay: relay, tlsa: []string{ee, stale(tlsa(3, 1, 2, leaf))}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "stronger digest matches", relay: relay, tlsa: []string{stale(ee), tlsa(3, 1, 2, leaf)}, dane: "ok", result: successful},
		{name: "weaker digest of another selector matches", relay: relay, tlsa: []string{tlsa(3, 0, 1, leaf), stale(tlsa(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "weaker digest of another usage matches", relay: relay, tlsa: []string{ta, stale(tlsa(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "full record beside a stale digest", relay: relay, tlsa: []string{tlsa(3, 1, 0, leaf), stale(tlsa(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "malformed stronger digest", relay: relay, tlsa: []string{ee, "3 1 2 " + strings.Repeat("0f", 63)}, dane: "ok", result: successful},
		{name: "DANE-TA fails, DANE-EE matches", relay: serve(expired), tlsa: []string{ta, tlsa(3, 1, 1, expired.Certificate[0])}, dane: "ok", result: successful},
		{name: "usage 0", relay: relay, tlsa: []string{tlsa(0, 1, 1, ca)}, dane: "unusable", result: successful},
		{name: "usage 1", relay: relay, tlsa: []string{tlsa(1, 1, 1, leaf)}, dane: "unusable", result: successful},
		{name: "usage 4", relay: relay, tlsa: []string{tlsa(4, 1, 1, leaf)}, dane: "unusable", result: successful},
		{name: "selector 2", relay: relay, tlsa: []string{tlsa(3, 2, 1, leaf)}, dane: "unusable", result: successful},
		{name: "matching type 3", relay: relay, tlsa: []string{"3 1 3 " + strings.Repeat("0f", 32)}, dane: "unusable", result: successful},
		{name: "short digest", relay: relay, tlsa: []string{"3 1 1 " + strings.Repeat("0f", 31)}, dane: "unusable", result: successful},
		{name: "long digest", relay: relay, tlsa: []string{"3 1 1 " + strings.Repeat("0f", 33)}, dane: "unusable", result: successful},
		{name: "digest of one byte", relay: relay, tlsa: []string{"3 1 1 0f"}, dane: "unusable", result: successful},
		{name: "full record, not a certificate", relay: relay, tlsa: []string{"3 0 0 30030f0f0f"}, dane: "unusable", result: successful},
		{name: "unusable and matching records", relay: relay, tlsa: []string{tlsa(1, 1, 1, leaf), ee}, dane: "ok", result: successful},
		{name: "unusable and stale records", relay: relay, tlsa: []string{tlsa(1, 1, 1, leaf), stale(ee)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "100 records, one matches", relay: relay, tlsa: append(many(99), ee), dane: "ok", result: successful},
		{name: "100 records, none matches", relay: relay, tlsa: many(100), dane: "mismatch", result: "tlsa-invalid"},

		{name: "no records", relay: relay, dane: "none", result: successful},
		{name: "records of another port", relay: relay, records: []string{"_587._tcp.HOST TLSA " + stale(ee)}, dane: "none", result: successful},
		{name: "wildcard record", relay: relay, records: []string{"*._tcp.HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "CNAME record at the TLSA name", relay: relay, records: []string{"_25._tcp.HOST CNAME tlsa.HOST", "tlsa.HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "CNAME record at the TLSA name, stale", relay: relay, records: []string{"_25._tcp.HOST CNAME tlsa.HOST", "tlsa.HOST TLSA " + stale(ee)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "alias, TLSA records of its target", relay: relay, alias: true, records: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + ee},
			dane: "ok", result: successful},
		{name: "alias, TLSA records of the alias", relay: relay, alias: true, records: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.HOST TLSA " + ee},
			dane: "ok", result: successful},
		{name: "alias, stale TLSA records of its target", relay: relay, alias: true, records: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + stale(ee)},
			dane: "mismatch", result: "tlsa-invalid"},
		{name: "chain of CNAME records", relay: relay, alias: true,
			records: []string{"HOST CNAME one-HOST", "one-HOST CNAME two-HOST", "two-HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "alias to an unsigned zone", relay: relay, alias: true, records: []string{"HOST CNAME HOST." + insecureZone + ".", "_25._tcp.HOST TLSA " + ee},
			insecure: []string{"HOST A ADDRESS"}, dane: "ok", result: successful},
		{name: "DANE-TA, alias, certificate for the alias only", relay: relay, alias: true, records: []string{"HOST CNAME end.HOST", "end.HOST A ADDRESS", "_25._tcp.end.HOST TLSA " + ta},
			dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA, alias, certificate for its target only", relay: serve(withRoot(issuer.Issue(certs.For("*.end." + secureZone)))), alias: true,
			records: []string{"HOST CNAME HOST.end", "HOST.end A ADDRESS", "_25._tcp.HOST.end TLSA " + ta}, dane: "ok", result: successful},
		{name: "DANE-TA, alias, TLSA records of the alias, certificate for its target only", relay: serve(withRoot(issuer.Issue(certs.For("*.end." + secureZone)))), alias: true,
			records: []string{"HOST CNAME HOST.end", "HOST.end A ADDRESS", "_25._tcp.HOST TLSA " + ta}, dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA, name in the common name only", relay: serve(withRoot(issuer.Issue(certs.Leaf{CommonName: "*." + secureZone}))), tlsa: []string{ta}, dane: "ok", result: successful},
		{name: "loop of CNAME records", relay: relay, alias: true, records: []string{"HOST CNAME one-HOST", "one-HOST CNAME HOST"}, dane: "error", result: "dnssec-invalid",
			differs: "there is no address to connect to"},

		{name: "unsigned", zone: insecureZone, relay: relay, tlsa: []string{ee}, dane: "unvalidated", result: successful},
		{name: "unsigned, stale", zone: insecureZone, relay: relay, tlsa: []string{stale(ee)}, dane: "unvalidated", result: successful},
		{name: "unsigned, no records", zone: insecureZone, relay: relay, dane: "none", result: successful},
		{name: "bogus zone", zone: wrongZone, relay: relay, tlsa: []string{ee}, dane: "bogus", result: "dnssec-invalid"},
		{name: "bogus record", relay: relay, bogus: true, tlsa: []string{ee}, dane: "bogus", result: "dnssec-invalid"},
		{name: "bogus denial", relay: relay, bogus: true, dane: "bogus", result: "dnssec-invalid"},
		{name: "dead server", relay: relay, dead: true, dane: "error", result: "dnssec-invalid"},

		{name: "no STARTTLS", tlsa: []string{ee}, dane: "mismatch", result: "starttls-not-supported"},
		{name: "no STARTTLS, unusable", tlsa: []string{tlsa(1, 1, 1, leaf)}, dane: "unusable", result: "starttls-not-supported"},
		{name: "no STARTTLS, no records", dane: "none", result: successful},
		{name: "STARTTLS refused", relay: relay.With(smtptest.AtStartTLS, smtptest.Say("454 4.7.0 TLS not available")), tlsa: []string{ee},
			dane: "mismatch", result: "starttls-not-supported"},
		{name: "failed handshake", relay: failing(relay), tlsa: []string{ee}, dane: "mismatch", result: "validation-failure"},
		{name: "failed handshake, unusable", relay: failing(relay), tlsa: []string{tlsa(0, 1, 1, ca)}, dane: "unusable", result: "validation-failure"},
	} {
		add(c)
	}
	return cases
}

// appendCertificate returns a chain with another certificate at its end.
func appendCertificate(c, other tls.Certificate) tls.Certificate {
	c.Certificate = append(c.Certificate[:len(c.Certificate):len(c.Certificate)], other.Certificate[0])
	return c
}

// failing returns a relay whose TLS handshakes fail.
func failing(s smtptest.Script) smtptest.Script {
	s.TLS = s.TLS.Clone()
	s.TLS.Certificates = nil
	s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("no certificate") }
	return s
}

// many returns TLSA records that match nothing.
func many(n int) []string {
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf("3 1 1 %064x", i)
	}
	return records
}
