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

// hostCase is one host that is judged by DANE.
type hostCase struct {
	name   string
	zone   string // secureZone if empty
	relay  smtptest.Script
	tlsa   []string // records of _25._tcp.HOST
	more   []string // further records of the zone; HOST is the host, ADDRESS its address
	far    []string // further records of the insecure zone
	alias  bool     // more has the host's own records
	bogus  bool     // _tcp.HOST is a zone whose trust anchor does not fit
	dead   bool     // the server of _tcp.HOST does not answer
	dane   string
	result string
	// differs is why posttls-finger judges another way, or cannot judge.
	differs string
}

// data is a TLSA record for a certificate.
func data(usage, selector, matching int, der []byte) string {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	of := c.Raw
	if selector == 1 {
		of = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case 1:
		sum := sha256.Sum256(of)
		of = sum[:]
	case 2:
		sum := sha512.Sum512(of)
		of = sum[:]
	}
	return fmt.Sprintf("%d %d %d %s", usage, selector, matching, hex.EncodeToString(of))
}

// wrong is a record of the same form that matches nothing.
func wrong(record string) string {
	fields := strings.Fields(record)
	n := len(fields[3])
	if fields[2] == "0" { // another certificate, or its key
		other := certs.SelfSigned(certs.For("unrelated.test")).Certificate[0]
		usage, errUsage := strconv.Atoi(fields[0])
		selector, errSelector := strconv.Atoi(fields[1])
		if err := errors.Join(errUsage, errSelector); err != nil {
			panic(err)
		}
		return data(usage, selector, 0, other)
	}
	return strings.Join(append(fields[:3:3], strings.Repeat("0f", n/2)), " ")
}

const successful = "successful"

// hostCases are the cases of DANE. The certificates are for HOST.secure.test, by
// the order of the list.
func hostCases() []hostCase {
	root := certs.NewAuthority("root")
	middle := root.Intermediate("middle")
	oldMiddle := root.Intermediate("old", func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, -1) })
	name := certs.For("*." + secureZone)
	withRoot := func(c tls.Certificate) tls.Certificate {
		c.Certificate = append(c.Certificate[:len(c.Certificate):len(c.Certificate)], root.Certificate().Raw)
		return c
	}
	serve := func(c tls.Certificate) smtptest.Script { return smtptest.Script{TLS: certs.Server(c)} }
	good := withRoot(middle.Issue(name))
	leaf, ca, top := good.Certificate[0], good.Certificate[1], good.Certificate[2]
	relay := serve(good)

	var cases []hostCase
	add := func(c hostCase) { cases = append(cases, c) }
	for _, usage := range []int{2, 3} {
		der := map[int][]byte{2: ca, 3: leaf}[usage]
		for selector := range 2 {
			for matching := range 3 {
				record := data(usage, selector, matching, der)
				add(hostCase{name: fmt.Sprintf("%d %d %d", usage, selector, matching), relay: relay, tlsa: []string{record}, dane: "ok", result: successful})
				add(hostCase{name: fmt.Sprintf("%d %d %d, wrong", usage, selector, matching), relay: relay, tlsa: []string{wrong(record)}, dane: "mismatch", result: "tlsa-invalid"})
			}
		}
	}
	ee, ta := data(3, 1, 1, leaf), data(2, 1, 1, ca)
	expired, other := withRoot(middle.Issue(certs.Expired(name))), withRoot(middle.Issue(certs.For("other.test")))
	self := certs.SelfSigned(certs.Expired(certs.For("other.test")))
	withoutRoot := middle.Issue(name)
	below := withRoot(oldMiddle.Issue(name))
	future := withRoot(middle.Issue(certs.NotYetValid(name)))

	for _, c := range []hostCase{
		{name: "2 1 1 of the root", relay: relay, tlsa: []string{data(2, 1, 1, top)}, dane: "ok", result: successful},
		{name: "2 0 2 of the root", relay: relay, tlsa: []string{data(2, 0, 2, top)}, dane: "ok", result: successful},
		{name: "trust anchor not sent", relay: serve(withoutRoot), tlsa: []string{data(2, 1, 1, top)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "trust anchor not sent, but published", relay: serve(withoutRoot), tlsa: []string{data(2, 0, 0, top)}, dane: "mismatch", result: "tlsa-invalid",
			differs: "OpenSSL completes the chain from the record"},
		{name: "leaf as trust anchor", relay: relay, tlsa: []string{data(2, 1, 1, leaf)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "authority as end entity", relay: relay, tlsa: []string{data(3, 1, 1, ca)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "DANE-EE expired", relay: serve(expired), tlsa: []string{data(3, 1, 1, expired.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE of another name", relay: serve(other), tlsa: []string{data(3, 0, 1, other.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE self-signed, expired, other name", relay: serve(self), tlsa: []string{data(3, 1, 2, self.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-EE not yet valid", relay: serve(future), tlsa: []string{data(3, 1, 1, future.Certificate[0])}, dane: "ok", result: successful},
		{name: "DANE-TA expired", relay: serve(expired), tlsa: []string{ta}, dane: "mismatch", result: "certificate-expired"},
		{name: "DANE-TA not yet valid", relay: serve(future), tlsa: []string{ta}, dane: "mismatch", result: "certificate-not-trusted"},
		{name: "DANE-TA intermediate expired", relay: serve(below), tlsa: []string{data(2, 1, 1, top)}, dane: "mismatch", result: "certificate-expired"},
		{name: "DANE-TA of another name", relay: serve(other), tlsa: []string{ta}, dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA unrelated certificate sent along", relay: serve(sentAlong(good, self)), tlsa: []string{data(2, 0, 1, self.Certificate[0])},
			dane: "mismatch", result: "certificate-not-trusted"},
		{name: "rollover, new record second", relay: relay, tlsa: []string{wrong(ee), ee}, dane: "ok", result: successful},
		{name: "rollover, stale records only", relay: relay, tlsa: []string{wrong(ee), wrong(data(3, 0, 1, leaf))}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "weaker digest matches", relay: relay, tlsa: []string{ee, wrong(data(3, 1, 2, leaf))}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "stronger digest matches", relay: relay, tlsa: []string{wrong(ee), data(3, 1, 2, leaf)}, dane: "ok", result: successful},
		{name: "weaker digest of another selector", relay: relay, tlsa: []string{data(3, 0, 1, leaf), wrong(data(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "weaker digest of another usage", relay: relay, tlsa: []string{ta, wrong(data(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "full record beside a digest", relay: relay, tlsa: []string{data(3, 1, 0, leaf), wrong(data(3, 1, 2, leaf))}, dane: "ok", result: successful},
		{name: "malformed stronger digest", relay: relay, tlsa: []string{ee, "3 1 2 " + strings.Repeat("0f", 63)}, dane: "ok", result: successful},
		{name: "DANE-TA fails, DANE-EE matches", relay: serve(expired), tlsa: []string{ta, data(3, 1, 1, expired.Certificate[0])}, dane: "ok", result: successful},
		{name: "usage 0", relay: relay, tlsa: []string{data(0, 1, 1, ca)}, dane: "unusable", result: successful},
		{name: "usage 1", relay: relay, tlsa: []string{data(1, 1, 1, leaf)}, dane: "unusable", result: successful},
		{name: "usage 4", relay: relay, tlsa: []string{data(4, 1, 1, leaf)}, dane: "unusable", result: successful},
		{name: "selector 2", relay: relay, tlsa: []string{data(3, 2, 1, leaf)}, dane: "unusable", result: successful},
		{name: "matching type 3", relay: relay, tlsa: []string{"3 1 3 " + strings.Repeat("0f", 32)}, dane: "unusable", result: successful},
		{name: "short digest", relay: relay, tlsa: []string{"3 1 1 " + strings.Repeat("0f", 31)}, dane: "unusable", result: successful},
		{name: "long digest", relay: relay, tlsa: []string{"3 1 1 " + strings.Repeat("0f", 33)}, dane: "unusable", result: successful},
		{name: "one byte", relay: relay, tlsa: []string{"3 1 1 0f"}, dane: "unusable", result: successful},
		{name: "full record of garbage", relay: relay, tlsa: []string{"3 0 0 30030f0f0f"}, dane: "unusable", result: successful},
		{name: "unusable beside a good one", relay: relay, tlsa: []string{data(1, 1, 1, leaf), ee}, dane: "ok", result: successful},
		{name: "unusable beside a stale one", relay: relay, tlsa: []string{data(1, 1, 1, leaf), wrong(ee)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "100 records, one matches", relay: relay, tlsa: append(many(99), ee), dane: "ok", result: successful},
		{name: "100 records, none matches", relay: relay, tlsa: many(100), dane: "mismatch", result: "tlsa-invalid"},

		{name: "no records", relay: relay, dane: "none", result: successful},
		{name: "records of another port", relay: relay, more: []string{"_587._tcp.HOST TLSA " + wrong(ee)}, dane: "none", result: successful},
		{name: "wildcard record", relay: relay, more: []string{"*._tcp.HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "record by an alias", relay: relay, more: []string{"_25._tcp.HOST CNAME tlsa.HOST", "tlsa.HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "stale record by an alias", relay: relay, more: []string{"_25._tcp.HOST CNAME tlsa.HOST", "tlsa.HOST TLSA " + wrong(ee)}, dane: "mismatch", result: "tlsa-invalid"},
		{name: "alias, records at its end", relay: relay, alias: true, more: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + ee},
			dane: "ok", result: successful},
		{name: "alias, records at its beginning", relay: relay, alias: true, more: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.HOST TLSA " + ee},
			dane: "ok", result: successful},
		{name: "alias, its end is stale", relay: relay, alias: true, more: []string{"HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + wrong(ee)},
			dane: "mismatch", result: "tlsa-invalid"},
		{name: "chain of aliases", relay: relay, alias: true,
			more: []string{"HOST CNAME one-HOST", "one-HOST CNAME two-HOST", "two-HOST CNAME end-HOST", "end-HOST A ADDRESS", "_25._tcp.end-HOST TLSA " + ee}, dane: "ok", result: successful},
		{name: "alias to an unsigned zone", relay: relay, alias: true, more: []string{"HOST CNAME HOST." + insecureZone + ".", "_25._tcp.HOST TLSA " + ee},
			far: []string{"HOST A ADDRESS"}, dane: "ok", result: successful},
		{name: "DANE-TA, alias, certificate for the alias only", relay: relay, alias: true, more: []string{"HOST CNAME end.HOST", "end.HOST A ADDRESS", "_25._tcp.end.HOST TLSA " + ta},
			dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA, alias, certificate for its target only", relay: serve(withRoot(middle.Issue(certs.For("*.end." + secureZone)))), alias: true,
			more: []string{"HOST CNAME HOST.end", "HOST.end A ADDRESS", "_25._tcp.HOST.end TLSA " + ta}, dane: "ok", result: successful},
		{name: "DANE-TA, alias, TLSA records of the alias, certificate for its target only", relay: serve(withRoot(middle.Issue(certs.For("*.end." + secureZone)))), alias: true,
			more: []string{"HOST CNAME HOST.end", "HOST.end A ADDRESS", "_25._tcp.HOST TLSA " + ta}, dane: "mismatch", result: "certificate-host-mismatch"},
		{name: "DANE-TA, name in the common name only", relay: serve(withRoot(middle.Issue(certs.Leaf{CommonName: "*." + secureZone}))), tlsa: []string{ta}, dane: "ok", result: successful},
		{name: "loop of aliases", relay: relay, alias: true, more: []string{"HOST CNAME one-HOST", "one-HOST CNAME HOST"}, dane: "error", result: "dnssec-invalid",
			differs: "there is no address to connect to"},

		{name: "unsigned", zone: insecureZone, relay: relay, tlsa: []string{ee}, dane: "unvalidated", result: successful},
		{name: "unsigned and stale", zone: insecureZone, relay: relay, tlsa: []string{wrong(ee)}, dane: "unvalidated", result: successful},
		{name: "unsigned without records", zone: insecureZone, relay: relay, dane: "none", result: successful},
		{name: "bogus zone", zone: wrongZone, relay: relay, tlsa: []string{ee}, dane: "bogus", result: "dnssec-invalid"},
		{name: "bogus record", relay: relay, bogus: true, tlsa: []string{ee}, dane: "bogus", result: "dnssec-invalid"},
		{name: "bogus denial", relay: relay, bogus: true, dane: "bogus", result: "dnssec-invalid"},
		{name: "dead server", relay: relay, dead: true, dane: "error", result: "dnssec-invalid"},

		{name: "no STARTTLS", tlsa: []string{ee}, dane: "mismatch", result: "starttls-not-supported"},
		{name: "no STARTTLS, unusable", tlsa: []string{data(1, 1, 1, leaf)}, dane: "unusable", result: "starttls-not-supported"},
		{name: "no STARTTLS, no records", dane: "none", result: successful},
		{name: "STARTTLS refused", relay: relay.With(smtptest.AtStartTLS, smtptest.Say("454 4.7.0 TLS not available")), tlsa: []string{ee},
			dane: "mismatch", result: "starttls-not-supported"},
		{name: "handshake fails", relay: failing(relay), tlsa: []string{ee}, dane: "mismatch", result: "validation-failure"},
		{name: "handshake fails, unusable", relay: failing(relay), tlsa: []string{data(0, 1, 1, ca)}, dane: "unusable", result: "validation-failure"},
	} {
		add(c)
	}
	return cases
}

// sentAlong is a chain with a certificate after it that has nothing to do with it.
func sentAlong(c, stranger tls.Certificate) tls.Certificate {
	c.Certificate = append(c.Certificate[:len(c.Certificate):len(c.Certificate)], stranger.Certificate[0])
	return c
}

// failing is a relay whose handshakes fail.
func failing(s smtptest.Script) smtptest.Script {
	s.TLS = s.TLS.Clone()
	s.TLS.Certificates = nil
	s.TLS.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("no certificate") }
	return s
}

func many(n int) []string {
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf("3 1 1 %064x", i)
	}
	return records
}
