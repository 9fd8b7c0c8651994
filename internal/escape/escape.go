// Package escape makes text from a peer safe to show: in a log line, on a
// terminal, in a metric.
package escape

import (
	"strconv"
	"unicode/utf8"
)

// Text returns text as one line of printable ASCII: control characters,
// backslashes and everything that is not ASCII become escapes as in a Go string.
// What exceeds limit bytes, escapes included, is replaced by "...".
func Text(text string, limit int) string {
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
