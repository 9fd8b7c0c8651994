package smtpprobe

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Capabilities is what an EHLO reply offers (RFC 5321 §4.1.1.1).
type Capabilities struct {
	Extensions map[string]string // keyword in upper case -> parameters as sent
	Auth       []string          // mechanisms, upper case, sorted; "AUTH=" included
	Size       int64             // octets; 0 = no limit, or not known (RFC 1870 §4)
	HasSize    bool              // the relay says how much it takes
}

// Has tells whether an extension was offered; keyword in upper case.
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
// names the relay. Lines that are no ehlo-keyword are passed over.
func parseCapabilities(lines []string) *Capabilities {
	c := &Capabilities{Extensions: make(map[string]string, len(lines))}
	for _, line := range lines[min(1, len(lines)):] {
		keyword, params, _ := strings.Cut(strings.TrimSpace(line), " ")
		params = strings.TrimSpace(params)
		keyword = strings.ToUpper(keyword)
		// Old servers repeat the mechanisms as "AUTH=LOGIN PLAIN" for clients that look for that.
		if mech, ok := strings.CutPrefix(keyword, "AUTH="); ok {
			keyword, params = "AUTH", strings.TrimSpace(mech+" "+params)
		}
		if !isKeyword(keyword) {
			continue
		}
		switch keyword {
		case "AUTH":
			c.addMechanisms(params)
			params = strings.TrimSpace(c.Extensions[keyword] + " " + params)
		case "SIZE":
			c.Size, c.HasSize = parseSize(params)
		}
		c.Extensions[keyword] = params
	}
	slices.Sort(c.Auth)
	return c
}

// parseSize reads size-value. Its 20 digits may be more than an int64 holds.
func parseSize(params string) (size int64, known bool) {
	n, err := strconv.ParseUint(params, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return int64(min(n, math.MaxInt64)), true
}

func (c *Capabilities) addMechanisms(params string) {
	for mech := range strings.FieldsSeq(strings.ToUpper(params)) {
		if isMechanism(mech) && !slices.Contains(c.Auth, mech) {
			c.Auth = append(c.Auth, mech)
		}
	}
}

// isKeyword follows ehlo-keyword: (ALPHA / DIGIT) *(ALPHA / DIGIT / "-").
func isKeyword(s string) bool { return s != "" && s[0] != '-' && only(s, "-") }

// isMechanism follows sasl-mech of RFC 4422 §3.1.
func isMechanism(s string) bool { return s != "" && len(s) <= 20 && only(s, "-_") }

func only(s, punctuation string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(punctuation, c) >= 0) {
			return false
		}
	}
	return true
}
