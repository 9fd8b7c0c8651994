package smtpprobe

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Capabilities is what an EHLO reply offers (RFC 5321 §4.1.1.1). A relay that
// offers more than 1000 extensions or mechanisms is cut short.
type Capabilities struct {
	Extensions map[string]string // keyword in upper case -> parameters as sent
	Auth       []string          // mechanisms, upper case, sorted; "AUTH=" included
	Size       int64             // bytes; 0 = no limit, or not known (RFC 1870 §4)
	HasSize    bool              // the relay says how much it takes
	Limits     Limits
}

// Limits are the numbers of the LIMITS extension (RFC 9422 §4), 0 where it says
// nothing.
type Limits struct {
	Mail       int // transactions in a session
	Rcpt       int // recipients in a transaction
	RcptDomain int // domains of the recipients in a transaction
}

// maxOffered is how many extensions, and how many mechanisms, of one EHLO reply
// count. No line of a reply is left out, since a reply has at most 1000: what the
// session needs, such as STARTTLS, may come last.
const maxOffered = 1000

// Has reports whether an extension was offered; keyword in upper case.
func (c *Capabilities) Has(keyword string) bool {
	if c == nil {
		return false
	}
	_, ok := c.Extensions[keyword]
	return ok
}

// Keywords lists the extensions, sorted. A form that predates RFC 2554,
// "AUTH=LOGIN", counts as AUTH.
func (c *Capabilities) Keywords() []string {
	if c == nil {
		return nil
	}
	names := make([]string, 0, len(c.Extensions))
	for name := range c.Extensions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// parseCapabilities reads the lines of an EHLO reply after the first, which
// names the relay. Lines that do not begin with a keyword are skipped.
func parseCapabilities(lines []string) *Capabilities {
	c := &Capabilities{Extensions: make(map[string]string, min(len(lines), maxOffered))}
	mechanisms := make(map[string]bool)
	for _, line := range lines[min(1, len(lines)):] {
		keyword, params, _ := strings.Cut(strings.TrimSpace(line), " ")
		params = strings.TrimSpace(params)
		keyword = strings.ToUpper(keyword)
		// Old servers repeat the mechanisms as "AUTH=LOGIN PLAIN" for clients
		// that expect that.
		if mech, ok := strings.CutPrefix(keyword, "AUTH="); ok {
			keyword, params = "AUTH", strings.TrimSpace(mech+" "+params)
		}
		known := c.Has(keyword)
		if !isKeyword(keyword) || !known && len(c.Extensions) == maxOffered {
			continue
		}
		switch keyword {
		case "AUTH":
			for mech := range strings.FieldsSeq(strings.ToUpper(params)) {
				if len(mechanisms) == maxOffered {
					break
				}
				if isMechanism(mech) {
					mechanisms[mech] = true
				}
			}
			if known { // the first line's are the parameters as sent
				continue
			}
		case "SIZE":
			c.Size, c.HasSize = parseSize(params)
		case "LIMITS":
			c.Limits = parseLimits(params)
		}
		c.Extensions[keyword] = params
	}
	for mech := range mechanisms {
		c.Auth = append(c.Auth, mech)
	}
	slices.Sort(c.Auth)
	return c
}

// parseLimits reads limits such as "RCPTMAX=20 MAILMAX=5" (RFC 9422 §3). Unknown
// ones, and numbers that do not fit, are skipped.
func parseLimits(params string) Limits {
	var l Limits
	fields := map[string]*int{"MAILMAX": &l.Mail, "RCPTMAX": &l.Rcpt, "RCPTDOMAINMAX": &l.RcptDomain}
	for limit := range strings.FieldsSeq(strings.ToUpper(params)) {
		name, value, _ := strings.Cut(limit, "=")
		n, err := strconv.ParseUint(value, 10, 31)
		if field := fields[name]; field != nil && err == nil {
			*field = int(n)
		}
	}
	return l
}

// parseSize reads size-value. Its 20 digits may be more than an int64 holds.
func parseSize(params string) (size int64, known bool) {
	n, err := strconv.ParseUint(params, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return int64(min(n, math.MaxInt64)), true
}

// isKeyword follows ehlo-keyword: (ALPHA / DIGIT) *(ALPHA / DIGIT / "-").
func isKeyword(s string) bool { return s != "" && s[0] != '-' && consistsOf(s, "-") }

// isMechanism follows sasl-mech of RFC 4422 §3.1.
func isMechanism(s string) bool { return s != "" && len(s) <= 20 && consistsOf(s, "-_") }

// consistsOf reports whether a text has only upper-case letters, digits and some
// punctuation.
func consistsOf(s, punctuation string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(punctuation, c) >= 0) {
			return false
		}
	}
	return true
}
