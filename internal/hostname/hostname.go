// Package hostname checks the syntax of host names: of names that can be looked up,
// and of names in mail addresses and EHLO.
package hostname

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The limits of RFC 1035 §2.3.4, in bytes.
const (
	maxName  = 253 // as text, without the final dot
	maxLabel = 63
)

var errIDN = errors.New("not a valid internationalized name")

// ASCII returns a name in lower case, with A-labels if it is internationalized (RFC
// 5891). It returns an error if the name cannot be looked up, see CheckLookup.
func ASCII(name string) (string, error) {
	ascii := strings.ToLower(name)
	if !IsASCII(name) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(name); err != nil {
			return "", fmt.Errorf("%q is not a host name: %w", name, errIDN)
		}
	}
	if err := CheckLookup(ascii); err != nil {
		return "", fmt.Errorf("%q is neither a host name nor an IP address: %w", name, err)
	}
	return ascii, nil
}

// CheckLookup reports why an ASCII name cannot be looked up. It allows a final dot,
// and underscores and hyphens anywhere in a label, since such hosts exist.
func CheckLookup(name string) error {
	return checkLabels(name, func(label string) error {
		return checkCharacters(label, "-_")
	})
}

// Check reports why an ASCII name is not a host name of RFC 1123 §2.1, which has
// labels of letters, digits and inner hyphens, and no final dot.
func Check(name string) error {
	if strings.HasSuffix(name, ".") {
		return errors.New("a dot at the end")
	}
	return checkLabels(name, CheckLabel)
}

// checkLabels checks the length of a name, its labels, and that the last label is
// not numeric: that is an invalid IPv4 address (RFC 1123 §2.1).
func checkLabels(name string, checkLabel func(string) error) error {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName {
		return fmt.Errorf("more than %d bytes", maxName)
	}
	last := ""
	for last = range strings.SplitSeq(name, ".") {
		switch {
		case last == "":
			return errors.New("an empty label")
		case len(last) > maxLabel:
			return fmt.Errorf("a label of more than %d bytes", maxLabel)
		}
		if err := checkLabel(last); err != nil {
			return err
		}
	}
	if strings.Trim(last, "0123456789") == "" {
		return errors.New("the last label has only digits")
	}
	return nil
}

// CheckLabel reports why a string is not a label of RFC 1123 §2.1, which RFC 5321
// §4.1.2 calls sub-domain.
func CheckLabel(label string) error {
	switch {
	case label == "":
		return errors.New("an empty label")
	case len(label) > maxLabel:
		return fmt.Errorf("a label of more than %d bytes", maxLabel)
	case label[0] == '-' || label[len(label)-1] == '-':
		return errors.New("a label that begins or ends with a hyphen")
	}
	return checkCharacters(label, "-")
}

// checkCharacters reports a character that is not a letter, a digit or in
// punctuation.
func checkCharacters(label, punctuation string) error {
	for _, r := range label {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && !strings.ContainsRune(punctuation, r) {
			return fmt.Errorf("unexpected %q", r)
		}
	}
	return nil
}

// IsASCII reports whether a string has only ASCII characters.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// IsQualified reports whether a name is fully qualified, so that it identifies this
// host to others (RFC 5321 §2.3.5). Names under localhost and localdomain are not.
func IsQualified(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, ".") && Check(name) == nil && !strings.HasPrefix(name, "localhost.") && !strings.HasSuffix(name, ".localdomain")
}
