package smtperr

import (
	"strconv"
	"unicode/utf8"
)

// Escape makes a stranger's text fit for one line of a log: control
// characters, backslashes and all that is not ASCII become escapes as in a Go
// string. What exceeds limit octets, the escapes counted, becomes "...".
func Escape(text string, limit int) string {
	limit = max(limit, 0)
	if plain(text) {
		if len(text) <= limit {
			return text
		}
		return text[:limit] + "..."
	}
	out := make([]byte, 0, min(limit, 2*len(text)))
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		before := len(out)
		out = appendEscaped(out, r, size, text[0])
		if len(out) > limit {
			return string(out[:before]) + "..."
		}
		text = text[size:]
	}
	return string(out)
}

func appendEscaped(out []byte, r rune, size int, first byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == utf8.RuneError && size == 1:
		return append(out, '\\', 'x', hex[first>>4], hex[first&15])
	case r == '\'':
		return append(out, first)
	}
	quoted := strconv.AppendQuoteRuneToASCII(out, r)
	return append(out, quoted[len(out)+1:len(quoted)-1]...)
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '\\' {
			return false
		}
	}
	return true
}
