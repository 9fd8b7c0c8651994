package mailflow

import (
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message/textproto"
	"golang.org/x/net/publicsuffix"
)

const (
	maxHops     = 100             // Received fields that are parsed; RFC 5321 §6.3 has 100 for a loop
	maxHostName = 253             // RFC 1035 §2.3.4
	skew        = 2 * time.Second // Received fields have a resolution of one second
	otherHost   = "other"
)

// Path is the route of a message according to its Received fields.
type Path struct {
	Hops      int // Received fields
	Encrypted int // hops with TLS, by their transmission type (RFC 3848)

	// Skewed reports whether a Received field is more than 2 s earlier than the one
	// before, or in the future. Then the clocks differ, and hop times are unknown.
	Skewed bool
	// Slowest is the hop that took longest: the registered domain of the receiving
	// host, or "" if no hop time is known.
	Slowest     string
	SlowestTime time.Duration
}

// Hop is a Received field.
type Hop struct {
	By        string // the receiving host, or "other" if it is not a host name
	Encrypted bool
	Time      time.Time // zero if there is no valid date
}

// readPath reads the Received fields of a message that was sent at a time. It
// returns the hops in the order of transport.
func readPath(h *textproto.Header, sent time.Time, o Origin) (Path, []Hop) {
	var p Path
	var hops []Hop
	if o.Last != nil {
		p.Hops++
		hops = append(hops, *o.Last)
	}
	for f := h.FieldsByKey("Received"); f.Next(); p.Hops++ {
		if p.Hops >= maxHops {
			continue
		}
		one := parseReceived(bounded(f.Value(), maxField))
		if one.Encrypted {
			p.Encrypted++
		}
		hops = append(hops, one)
	}
	p.setSlowest(hops, sent, o.Seen)
	slices.Reverse(hops)
	return p, hops
}

// setSlowest finds the slowest hop. The first hop starts at the time of sending.
func (p *Path) setSlowest(hops []Hop, sent, seen time.Time) {
	last := sent
	for _, h := range slices.Backward(hops) {
		if h.Time.IsZero() {
			continue
		}
		took := h.Time.Sub(last)
		last = h.Time
		if took < -skew || h.Time.Sub(seen) > skew {
			p.Skewed, p.Slowest, p.SlowestTime = true, "", 0
			return
		}
		if took = max(took, 0); p.Slowest == "" || took > p.SlowestTime {
			p.Slowest, p.SlowestTime = registeredDomain(h.By), took
		}
	}
}

// parseReceived parses a Received field (RFC 5321 §4.4). All parts are optional, and
// malformed parts are ignored.
func parseReceived(s string) Hop {
	plain := withoutComments(s)
	clauses, date, found := cutLast(plain, ';')
	if !found {
		clauses = plain
	}
	var h Hop
	words := strings.Fields(clauses)
	for i := 0; i+1 < len(words); i++ {
		switch strings.ToLower(words[i]) {
		case "by":
			if h.By == "" {
				h.By = words[i+1]
				i++
			}
		case "with":
			h.Encrypted = h.Encrypted || encryptedTypes[strings.ToUpper(words[i+1])]
			i++
		case "from", "via", "id", "for":
			i++
		}
	}
	if t, err := mail.ParseDate(strings.TrimSpace(date)); err == nil && t.Year() >= 1970 && t.Year() < 10000 {
		h.Time = t
	}
	if h.By = strings.ToLower(strings.TrimSuffix(h.By, ".")); !isHostName(h.By) {
		h.By = otherHost
	}
	return h
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// encryptedTypes are the transmission types with TLS of RFC 3848 and, for
// SMTPUTF8, RFC 6531 §4.3.
var encryptedTypes = map[string]bool{
	"ESMTPS": true, "ESMTPSA": true, "LMTPS": true, "LMTPSA": true,
	"UTF8SMTPS": true, "UTF8SMTPSA": true, "UTF8LMTPS": true, "UTF8LMTPSA": true,
}

// registeredDomain returns the registered domain of a host, or the host itself if it
// has none, such as a name of one label.
func registeredDomain(host string) string {
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

func isHostName(s string) bool {
	if s == "" || len(s) > maxHostName || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return false
	}
	_, err := netip.ParseAddr(s)
	return err != nil
}
