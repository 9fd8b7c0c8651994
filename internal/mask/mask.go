// Package mask keeps secrets out of what is shown: a peer may repeat what it was
// sent, and in other forms.
package mask

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

const (
	hidden = "***"
	// shortest is the length from which a secret is masked wherever it occurs.
	// To mask every "a" would reveal more than it hides, so that a shorter one
	// is masked only as a whole word.
	shortest = 4
)

// Secrets are texts that nothing may show: a peer may repeat what it was sent.
// They are found raw, in hex, URL-encoded and in base64 at each offset, in upper
// or lower case, and also where a line end divides them. A nil *Secrets has
// none.
type Secrets struct {
	always []needle
	auth   []needle // only in an AUTH exchange
}

// needle is one form of a secret, in lower case.
type needle struct {
	text string
	word bool // only as a whole word
}

// Add registers secrets. Empty ones do not count.
func (s *Secrets) Add(values ...string) {
	for _, v := range values {
		s.always = appendForms(s.always, v, len(v) < shortest)
	}
}

// AddUser registers a user name. It is masked only as a word of an AUTH
// exchange: elsewhere it may be the word that explains a reply.
func (s *Secrets) AddUser(name string) {
	s.auth = appendForms(s.auth, name, true)
}

func appendForms(list []needle, secret string, word bool) []needle {
	if secret == "" {
		return list
	}
	forms := []string{
		secret, strings.ToLower(secret), strings.ToUpper(secret), // beyond ASCII, case is more than a bit
		hex.EncodeToString([]byte(secret)),
		url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
	if !word {
		forms = append(forms, shiftedBase64(secret)...)
	}
	for _, form := range forms {
		n := needle{lower(form), word}
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// shiftedBase64 is what stays the same of a secret's base64 wherever it begins
// in a longer text: without the digits that the bytes around it share.
func shiftedBase64(secret string) []string {
	var forms []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for offset := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, offset), secret...))
			first, last := (offset*8+5)/6, (offset+len(secret))*8/6
			if inner := encoded[first:last]; len(inner) >= shortest {
				forms = append(forms, inner)
			}
		}
	}
	return forms
}

// Mask returns the lines of a reply without the secrets. inAuth is set for a
// reply of an AUTH exchange.
func (s *Secrets) Mask(lines []string, inAuth bool) []string {
	if s == nil || len(s.always) == 0 && (len(s.auth) == 0 || !inAuth) {
		return lines
	}
	whole := lower(strings.Join(lines, ""))
	covered := make([]bool, len(whole))
	found := hide(whole, covered, s.always)
	if inAuth {
		found = hide(whole, covered, s.auth) || found
	}
	if !found {
		return lines
	}
	masked := make([]string, len(lines))
	at := 0
	for i, line := range lines {
		masked[i] = without(line, covered[at:at+len(line)])
		at += len(line)
	}
	return masked
}

// Text is Mask for a single text outside of AUTH.
func (s *Secrets) Text(text string) string {
	if s == nil || len(s.always) == 0 {
		return text
	}
	return s.Mask([]string{text}, false)[0]
}

// None reports whether there is nothing to mask.
func (s *Secrets) None() bool { return s == nil || len(s.always) == 0 && len(s.auth) == 0 }

// hide marks where the needles are.
func hide(text string, covered []bool, needles []needle) bool {
	found := false
	for _, n := range needles {
		for from := 0; ; {
			i := strings.Index(text[from:], n.text)
			if i < 0 {
				break
			}
			begin, end := from+i, from+i+len(n.text)
			from = begin + 1
			if n.word && !isWord(text, begin, end) {
				continue
			}
			found, from = true, end
			for k := begin; k < end; k++ {
				covered[k] = true
			}
		}
	}
	return found
}

// isWord reports whether no letter or digit adjoins a part of a text.
func isWord(text string, begin, end int) bool {
	return (begin == 0 || !isAlphanumeric(text[begin-1])) && (end == len(text) || !isAlphanumeric(text[end]))
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c >= 0x80
}

// without replaces each run of covered bytes.
func without(line string, covered []bool) string {
	var b strings.Builder
	for i := range len(line) {
		switch {
		case !covered[i]:
			b.WriteByte(line[i])
		case i == 0 || !covered[i-1]:
			b.WriteString(hidden)
		}
	}
	return b.String()
}

// lower changes ASCII letters only, so that every byte keeps its place.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
