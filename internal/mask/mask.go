// Package mask replaces secrets in text from a server. A server may repeat the
// client's input in a reply, also in an encoded form.
package mask

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

const (
	replacement = "***"
	// minLength is the length, in bytes, from which a secret is masked anywhere in
	// a text. A shorter secret is masked only as a whole word: masking every "a"
	// would reveal more than it hides.
	minLength = 4
)

// Secrets is a set of secrets to mask. A secret is found as plain text, in hex,
// URL-encoded and in base64, in upper or lower case, and even if a line end
// divides it. A nil *Secrets is an empty set.
type Secrets struct {
	always []pattern
	auth   []pattern // only in an AUTH exchange
}

// pattern is one form of a secret, in lower case.
type pattern struct {
	text string
	word bool // matches only as a whole word
}

// Add adds secrets to the set. It ignores empty strings.
func (s *Secrets) Add(values ...string) {
	for _, v := range values {
		s.always = appendForms(s.always, v, len(v) < minLength)
	}
}

// AddUser adds a user name. It is masked only as a whole word and only in an AUTH
// exchange, because in other replies the same word may have another meaning.
func (s *Secrets) AddUser(name string) {
	s.auth = appendForms(s.auth, name, true)
}

func appendForms(list []pattern, secret string, word bool) []pattern {
	if secret == "" {
		return list
	}
	forms := []string{
		secret, strings.ToLower(secret), strings.ToUpper(secret), // lower changes ASCII only
		hex.EncodeToString([]byte(secret)),
		url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
	if !word {
		forms = append(forms, shiftedBase64(secret)...)
	}
	for _, form := range forms {
		p := pattern{lower(form), word}
		if !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// shiftedBase64 returns the base64 digits that encode only the secret when it is
// part of a longer text, for each of its three possible alignments. The digits at
// both ends are left out if they also encode bits of the neighboring bytes.
func shiftedBase64(secret string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, offset), secret...))
			first, last := (offset*8+5)/6, (offset+len(secret))*8/6
			if inner := encoded[first:last]; len(inner) >= minLength {
				forms = append(forms, inner)
			}
		}
	}
	return forms
}

// Mask returns the lines of a reply with each secret replaced by "***". inAuth
// reports whether the reply belongs to an AUTH exchange.
func (s *Secrets) Mask(lines []string, inAuth bool) []string {
	if s == nil || len(s.always) == 0 && (len(s.auth) == 0 || !inAuth) {
		return lines
	}
	text := lower(strings.Join(lines, ""))
	secret := make([]bool, len(text)) // whether each byte is part of a secret
	found := mark(secret, text, s.always)
	if inAuth {
		found = mark(secret, text, s.auth) || found
	}
	if !found {
		return lines
	}
	masked := make([]string, len(lines))
	at := 0
	for i, line := range lines {
		masked[i] = replace(line, secret[at:at+len(line)])
		at += len(line)
	}
	return masked
}

// Text returns text with each secret replaced by "***". It does not mask user
// names.
func (s *Secrets) Text(text string) string {
	if s == nil || len(s.always) == 0 {
		return text
	}
	return s.Mask([]string{text}, false)[0]
}

// None reports whether the set is empty.
func (s *Secrets) None() bool { return s == nil || len(s.always) == 0 && len(s.auth) == 0 }

// mark marks the bytes of text that match a pattern, and reports whether there
// are any.
func mark(secret []bool, text string, patterns []pattern) bool {
	found := false
	for _, p := range patterns {
		for from := 0; ; {
			i := strings.Index(text[from:], p.text)
			if i < 0 {
				break
			}
			begin, end := from+i, from+i+len(p.text)
			from = begin + 1
			if p.word && !isWord(text, begin, end) {
				continue
			}
			found, from = true, end
			for k := begin; k < end; k++ {
				secret[k] = true
			}
		}
	}
	return found
}

// isWord reports whether text[begin:end] has no letter or digit next to it.
func isWord(text string, begin, end int) bool {
	return (begin == 0 || !isAlphanumeric(text[begin-1])) && (end == len(text) || !isAlphanumeric(text[end]))
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c >= 0x80
}

// replace replaces each run of marked bytes.
func replace(line string, secret []bool) string {
	var b strings.Builder
	for i := range len(line) {
		switch {
		case !secret[i]:
			b.WriteByte(line[i])
		case i == 0 || !secret[i-1]:
			b.WriteString(replacement)
		}
	}
	return b.String()
}

// lower converts ASCII letters to lower case. Unlike strings.ToLower it preserves
// the length of s.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
