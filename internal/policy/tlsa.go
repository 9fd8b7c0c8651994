package policy

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// The values of a TLSA record's fields (RFC 7218) that count for SMTP.
const (
	usageTA = 2 // DANE-TA: the trust anchor of the chain
	usageEE = 3 // DANE-EE: the server's own certificate

	selectCertificate = 0
	selectKey         = 1

	matchFull   = 0
	matchSHA256 = 1
	matchSHA512 = 2
)

// maxRecords is how many TLSA records of a host count. One answer of the DNS
// holds little more.
const maxRecords = 1024

// TLSA is one TLSA record (RFC 6698 §2.1).
type TLSA struct {
	Usage, Selector, Matching uint8
	Data                      []byte
}

// String is the record without its data: "3 1 1".
func (r *TLSA) String() string { return fmt.Sprintf("%d %d %d", r.Usage, r.Selector, r.Matching) }

// tlsaOf takes the TLSA records out of an answer.
func tlsaOf(records []dns.RR) []TLSA {
	records = records[:min(len(records), maxRecords)]
	all := make([]TLSA, 0, len(records))
	for _, record := range records {
		r, ok := record.(*dns.TLSA)
		if !ok {
			continue
		}
		data, err := hex.DecodeString(r.Certificate)
		if err != nil {
			data = nil // not usable
		}
		all = append(all, TLSA{Usage: r.Usage, Selector: r.Selector, Matching: r.MatchingType, Data: data})
	}
	return all
}

// usable reports whether a sender can use the record (RFC 7672 §3.1.3 for the
// usages PKIX-TA(0) and PKIX-EE(1); RFC 7671 §10.1.1 for malformed data).
func (r *TLSA) usable() bool {
	if r.Usage != usageTA && r.Usage != usageEE || r.Selector > selectKey {
		return false
	}
	switch r.Matching {
	case matchFull:
		return r.isFull()
	case matchSHA256:
		return len(r.Data) == sha256.Size
	case matchSHA512:
		return len(r.Data) == sha512.Size
	}
	return false
}

// isFull reports whether the data is a certificate or a key.
func (r *TLSA) isFull() bool {
	var err error
	if r.Selector == selectCertificate {
		_, err = x509.ParseCertificate(r.Data)
	} else {
		_, err = x509.ParsePKIXPublicKey(r.Data)
	}
	return err == nil
}

// matches reports whether the record is about a certificate.
func (r *TLSA) matches(c *x509.Certificate) bool {
	selected := c.Raw
	if r.Selector == selectKey {
		selected = c.RawSubjectPublicKeyInfo
	}
	switch r.Matching {
	case matchSHA256:
		sum := sha256.Sum256(selected)
		selected = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(selected)
		selected = sum[:]
	}
	return subtle.ConstantTimeCompare(selected, r.Data) == 1
}

// usableOf returns the usable records.
func usableOf(records []TLSA) []TLSA {
	var usable []TLSA
	for _, r := range records {
		if r.usable() {
			usable = append(usable, r)
		}
	}
	return usable
}

// strongest applies digest agility (RFC 7671 §9): of the records with one usage
// and selector, those with a weaker digest do not count next to those with a
// stronger one. Records without a digest always count.
func strongest(usable []TLSA) []TLSA {
	type group struct{ usage, selector uint8 }
	best := make(map[group]uint8)
	for _, r := range usable {
		g := group{r.Usage, r.Selector}
		best[g] = max(best[g], r.Matching)
	}
	var kept []TLSA
	for _, r := range usable {
		if r.Matching == matchFull || r.Matching == best[group{r.Usage, r.Selector}] {
			kept = append(kept, r)
		}
	}
	return kept
}

// match is what comparing a chain with TLSA records came to.
type match struct {
	matching int    // how many records authenticate the server
	first    string // of these, the first: "3 1 1"
	failure  Result // why none does; Successful if one does
}

// compare authenticates a chain by TLSA records. The names are those that the
// certificate may have under DANE-TA (RFC 7672 §3.2.2).
func compare(usable []TLSA, chain []*x509.Certificate, names []string, now time.Time) match {
	found := match{failure: TLSAInvalid}
	if len(chain) == 0 {
		return found
	}
	for _, r := range strongest(usable) {
		failure := r.authenticates(chain, names, now)
		switch {
		case failure == Successful:
			found.matching++
			if found.first == "" {
				found.first = r.String()
			}
			found.failure = Successful
		case found.failure == TLSAInvalid:
			found.failure = failure
		}
	}
	return found
}

// authenticates compares one record with a chain.
func (r *TLSA) authenticates(chain []*x509.Certificate, names []string, now time.Time) Result {
	if r.Usage == usageEE {
		// RFC 7671 §5.1: neither names nor dates count.
		if r.matches(chain[0]) {
			return Successful
		}
		return TLSAInvalid
	}
	failure := TLSAInvalid
	for _, anchor := range chain[1:] {
		if !r.matches(anchor) {
			continue
		}
		roots := x509.NewCertPool()
		roots.AddCert(anchor)
		if failure = verify(chain, roots, names, now); failure == Successful {
			break
		}
	}
	return failure
}
