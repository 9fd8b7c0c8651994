package message

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
)

// The limits of RFC 5321 §4.5.3.1, in bytes. The limit of a path includes its angle
// brackets.
const (
	maxLocalPart = 64
	maxDomain    = 255
	maxMailbox   = 256 - 2
)

// ParseAddress parses the address of a recipient: a Mailbox (RFC 5321 §4.1.2)
// without angle brackets and display name, or "postmaster" without a domain
// (§4.5.1). It returns the address as sent in RCPT, with the domain in A-labels.
// If the local part is not ASCII, needsUTF8 is true, because the address requires
// SMTPUTF8 (RFC 6531), and the domain is not converted.
func ParseAddress(s string) (addr string, needsUTF8 bool, err error) {
	if strings.EqualFold(s, "postmaster") {
		return s, false, nil
	}
	return parseMailbox(s)
}

// ParseSender parses the address of a sender like ParseAddress. An empty string is
// the null sender. A sender must have a domain (RFC 5321 §4.1.1.2).
func ParseSender(s string) (addr string, needsUTF8 bool, err error) {
	if s == "" {
		return "", false, nil
	}
	return parseMailbox(s)
}

func parseMailbox(s string) (addr string, needsUTF8 bool, err error) {
	local, domain, err := splitMailbox(s)
	if err != nil {
		return "", false, fmt.Errorf("%s is not a mail address: %w", quote(s), err)
	}
	needsUTF8 = !hostname.IsASCII(local)
	if !needsUTF8 && !hostname.IsASCII(domain) {
		// checkDomain has accepted the domain.
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", false, fmt.Errorf("%s is not a mail address: %w", quote(s), errIDN)
		}
	}
	addr = local + "@" + domain
	if len(addr) > maxMailbox {
		return "", false, fmt.Errorf("%s is not a mail address: longer than %d bytes", quote(s), maxMailbox)
	}
	return addr, needsUTF8, nil
}

var errIDN = errors.New("the domain is not a valid internationalized name")

// splitMailbox splits a mailbox into its local part and its domain, and checks both.
func splitMailbox(s string) (local, domain string, err error) {
	switch {
	case s == "":
		return "", "", errors.New("empty")
	case !utf8.ValidString(s):
		return "", "", errors.New("not UTF-8")
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", "", errors.New("control character")
	case s[0] == '<':
		return "", "", errors.New("give it without angle brackets and name")
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", "", errors.New("no @")
	}
	local, domain = s[:at], s[at+1:]
	if err := checkLocalPart(local); err != nil {
		return "", "", err
	}
	if err := checkDomain(domain); err != nil {
		return "", "", err
	}
	return local, domain, nil
}

func checkLocalPart(s string) error {
	switch {
	case s == "":
		return errors.New("nothing before the @")
	case len(s) > maxLocalPart:
		return fmt.Errorf("more than %d bytes before the @", maxLocalPart)
	case s[0] == '"':
		return checkQuoted(s)
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return errors.New("a dot at the wrong place before the @")
		}
		if i := strings.IndexFunc(atom, func(r rune) bool { return !isAtext(r) }); i >= 0 {
			r, _ := utf8.DecodeRuneInString(atom[i:])
			return fmt.Errorf("%q before the @ needs quotes around the local part", r)
		}
	}
	return nil
}

// isAtext reports whether an unquoted local part may contain r: atext (RFC 5322
// §3.2.3) or any character outside ASCII that is not white space (RFC 6531 §3.3).
func isAtext(r rune) bool {
	switch {
	case r >= utf8.RuneSelf:
		return !unicode.IsSpace(r)
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// checkQuoted checks that s is a Quoted-string (RFC 5321 §4.1.2).
func checkQuoted(s string) error {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return errors.New("the quoted local part does not end before the @")
	}
	escaped := false
	for _, c := range []byte(s[1 : len(s)-1]) {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return errors.New("an unescaped quote in the quoted local part")
		}
	}
	if escaped {
		return errors.New("the quoted local part does not end before the @")
	}
	return nil
}

func checkDomain(s string) error {
	switch {
	case s == "":
		return errors.New("nothing after the @")
	case s[0] == '[':
		return checkLiteral(s)
	}
	name := s
	if !hostname.IsASCII(s) {
		var err error
		if name, err = idna.Lookup.ToASCII(s); err != nil {
			return errIDN
		}
	}
	if len(name) > maxDomain || len(s) > maxDomain {
		return fmt.Errorf("more than %d bytes after the @", maxDomain)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return errors.New("an IP address after the @ needs brackets")
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := hostname.CheckLabel(label); err != nil {
			return fmt.Errorf("%w in the domain", err)
		}
	}
	return nil
}

// checkLiteral checks that s is an address literal (RFC 5321 §4.1.3).
func checkLiteral(s string) error {
	inner, closed := strings.CutSuffix(s[1:], "]")
	six := len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:")
	if six {
		inner = inner[5:]
	}
	ip, err := netip.ParseAddr(inner)
	if !closed || err != nil || ip.Is6() != six || ip.Zone() != "" {
		return errors.New("the address literal must be like [192.0.2.1] or [IPv6:2001:db8::1]")
	}
	return nil
}

// quote returns s in quotes, escaped and of limited length, for an error.
func quote(s string) string {
	const limit = 80 // bytes
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
