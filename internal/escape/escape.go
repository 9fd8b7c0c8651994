// Package escape makes text from a peer safe for log lines, terminals and metrics.
package escape

import (
	"strconv"
	"unicode/utf8"
)

// Text returns text as one line of printable ASCII. Control characters, backslashes
// and characters outside ASCII become escapes as in a Go string literal. If the
// result is longer than limit bytes, Text cuts it there, before an escape if
// necessary, and appends "...".
func Text(text string, limit int) string {
	limit = max(limit, 0)
	if isPlain(text) {
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

// appendEscaped appends a rune of the given size. first is its first byte.
func appendEscaped(out []byte, r rune, size int, first byte) []byte {
	const hex = "0123456789abcdef"
	switch {
	case r == utf8.RuneError && size == 1:
		return append(out, '\\', 'x', hex[first>>4], hex[first&15]) // not UTF-8
	case r == '\'': // AppendQuoteRune would escape it
		return append(out, first)
	}
	quoted := strconv.AppendQuoteRuneToASCII(out, r)
	return append(out, quoted[len(out)+1:len(quoted)-1]...)
}

// isPlain reports whether a string is printable ASCII without backslashes.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '\\' {
			return false
		}
	}
	return true
}
