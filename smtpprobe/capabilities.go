package smtpprobe

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Capabilities are the extensions in an EHLO reply (RFC 5321 §4.1.1.1). At most
// 1000 extensions and 1000 mechanisms are included.
type Capabilities struct {
	Extensions map[string]string // parameters as sent, by keyword in upper case
	Auth       []string          // mechanisms in upper case, sorted; includes those of "AUTH="
	Size       int64             // maximum message size in bytes; 0 if there is none or it is unknown (RFC 1870 §4)
	HasSize    bool              // SIZE has a number
	Limits     Limits
}

// Limits are the limits of the LIMITS extension (RFC 9422 §4), 0 if they are not
// specified.
type Limits struct {
	Mail       int // transactions per session
	Rcpt       int // recipients per transaction
	RcptDomain int // domains of recipients per transaction
}

// maxOffered is the most extensions, and the most mechanisms, of an EHLO reply
// that are parsed. A reply has at most 1000 lines, so that no extension is left
// out: STARTTLS may come last.
const maxOffered = 1000

// Has reports whether an extension is offered. The keyword is in upper case.
func (c *Capabilities) Has(keyword string) bool {
	if c == nil {
		return false
	}
	_, ok := c.Extensions[keyword]
	return ok
}

// Keywords returns the keywords of the extensions, sorted. "AUTH=LOGIN", a form
// older than RFC 2554, counts as AUTH.
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

// parseCapabilities parses the lines of an EHLO reply after the first, which has
// the name of the relay. Lines without a valid keyword are ignored.
func parseCapabilities(lines []string) *Capabilities {
	c := &Capabilities{Extensions: make(map[string]string, min(len(lines), maxOffered))}
	mechanisms := make(map[string]bool)
	for _, line := range lines[min(1, len(lines)):] {
		keyword, params, _ := strings.Cut(strings.TrimSpace(line), " ")
		params = strings.TrimSpace(params)
		keyword = strings.ToUpper(keyword)
		// Servers repeat the mechanisms as "AUTH=LOGIN PLAIN" for old clients.
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
			if known { // Extensions has the parameters of the first line
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

// parseLimits parses limits such as "RCPTMAX=20 MAILMAX=5" (RFC 9422 §3). Unknown
// limits and invalid numbers are ignored.
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

// parseSize parses size-value, which may have 20 digits and overflow an int64.
func parseSize(params string) (size int64, known bool) {
	n, err := strconv.ParseUint(params, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return int64(min(n, math.MaxInt64)), true
}

// isKeyword reports whether s is an ehlo-keyword in upper case:
// (ALPHA / DIGIT) *(ALPHA / DIGIT / "-").
func isKeyword(s string) bool { return s != "" && s[0] != '-' && consistsOf(s, "-") }

// isMechanism reports whether s is a sasl-mech (RFC 4422 §3.1).
func isMechanism(s string) bool { return s != "" && len(s) <= 20 && consistsOf(s, "-_") }

// consistsOf reports whether s consists of upper-case letters, digits and the
// given punctuation.
func consistsOf(s, punctuation string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(punctuation, c) >= 0) {
			return false
		}
	}
	return true
}
