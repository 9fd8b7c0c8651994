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

// The values of TLSA fields that SMTP uses (RFC 7218, RFC 7672 §3.1).
const (
	usageTA = 2 // DANE-TA: the trust anchor of the chain
	usageEE = 3 // DANE-EE: the server's own certificate

	selectCertificate = 0
	selectKey         = 1

	matchFull   = 0
	matchSHA256 = 1
	matchSHA512 = 2
)

// maxRecords is the maximum number of TLSA records used of one host. A DNS message
// does not hold many more.
const maxRecords = 1024

// TLSA is one TLSA record (RFC 6698 §2.1).
type TLSA struct {
	Usage, Selector, Matching uint8
	Data                      []byte
}

// String returns the record without its data, such as "3 1 1".
func (r *TLSA) String() string { return fmt.Sprintf("%d %d %d", r.Usage, r.Selector, r.Matching) }

// tlsaRecords returns the TLSA records of an answer.
func tlsaRecords(records []dns.RR) []TLSA {
	records = records[:min(len(records), maxRecords)]
	all := make([]TLSA, 0, len(records))
	for _, record := range records {
		r, ok := record.(*dns.TLSA)
		if !ok {
			continue
		}
		data, err := hex.DecodeString(r.Certificate)
		if err != nil {
			data = nil // makes it unusable
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
		return r.isParsable()
	case matchSHA256:
		return len(r.Data) == sha256.Size
	case matchSHA512:
		return len(r.Data) == sha512.Size
	}
	return false
}

// isParsable reports whether the data of matching type Full is a certificate or a
// key.
func (r *TLSA) isParsable() bool {
	var err error
	if r.Selector == selectCertificate {
		_, err = x509.ParseCertificate(r.Data)
	} else {
		_, err = x509.ParsePKIXPublicKey(r.Data)
	}
	return err == nil
}

// matches reports whether a certificate, or its key, is the one in the record.
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

// usableRecords returns those of the records that a sender can use.
func usableRecords(records []TLSA) []TLSA {
	var usable []TLSA
	for _, r := range records {
		if r.usable() {
			usable = append(usable, r)
		}
	}
	return usable
}

// strongest applies digest agility (RFC 7671 §9): among records with the same
// usage and selector, only those with the strongest digest are used. Records of
// matching type Full are always used.
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

// match is the result of authenticating a chain by TLSA records.
type match struct {
	matching int    // number of records that authenticate the server
	first    string // the first of them, such as "3 1 1"
	result   Result // Successful if one matches, else why none does
}

// authenticate compares a chain with TLSA records. The names are the reference
// identifiers for DANE-TA (RFC 7672 §3.2.2).
func authenticate(usable []TLSA, chain []*x509.Certificate, names []string, now time.Time) match {
	m := match{result: TLSAInvalid}
	if len(chain) == 0 {
		return m
	}
	for _, r := range strongest(usable) {
		result := r.authenticate(chain, names, now)
		switch {
		case result == Successful:
			m.matching++
			if m.first == "" {
				m.first = r.String()
			}
			m.result = Successful
		case m.result == TLSAInvalid:
			m.result = result
		}
	}
	return m
}

// authenticate compares a chain with one record.
func (r *TLSA) authenticate(chain []*x509.Certificate, names []string, now time.Time) Result {
	if r.Usage == usageEE {
		// Names and dates are not checked (RFC 7671 §5.1).
		if r.matches(chain[0]) {
			return Successful
		}
		return TLSAInvalid
	}
	hasName := func(leaf *x509.Certificate) bool { return hasDNSNameOrCN(leaf, names) }
	result := TLSAInvalid
	for _, anchor := range chain[1:] {
		if !r.matches(anchor) {
			continue
		}
		roots := x509.NewCertPool()
		roots.AddCert(anchor)
		if result = verify(chain, roots, hasName, now); result == Successful {
			break
		}
	}
	return result
}
