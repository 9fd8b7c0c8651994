package smtperr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxMessage = 500 // octets of an error's text
	maxText    = 250 // octets of a relay's words within it
)

// Error is one line, escaped and bounded: what happened where, what the relay
// said, what lies underneath.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Class.String())
	if e.Reason != "" {
		b.WriteString("/" + string(e.Reason))
	}
	if e.Phase != "" {
		b.WriteString(" at " + string(e.Phase))
	}
	if e.Reply != nil {
		b.WriteString(": " + strconv.Itoa(e.Reply.Code))
		if text := e.Reply.Text(); text != "" {
			b.WriteString(" " + Escape(text, maxText))
		}
	}
	switch {
	case len(e.Details) > 0:
		b.WriteString(": " + Escape(strings.Join(e.Details, "; "), maxText))
	case e.Cause != nil:
		b.WriteString(": " + Escape(e.Cause.Error(), maxText))
	}
	if e.OutcomeUnknown {
		b.WriteString(" (outcome unknown: the message may have been delivered)")
	}
	return bounded(b.String(), maxMessage)
}

// Escape makes a stranger's text fit for one line of a log: control
// characters, backslashes and what is not UTF-8 become escapes, and it is cut
// after max octets.
func Escape(text string, max int) string {
	cut := ""
	if len(text) > max {
		text, cut = text[:max], "..."
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	if plain(text) {
		return text + cut
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			b.WriteString(`\x` + hex(text[i]))
		case r == '\\':
			b.WriteString(`\\`)
		case strconv.IsPrint(r):
			b.WriteString(text[i : i+size])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += max1(size)
	}
	return b.String() + cut
}

func max1(n int) int { return max(n, 1) }

func hex(c byte) string { return string([]byte{"0123456789abcdef"[c>>4], "0123456789abcdef"[c&15]}) }

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '\\' {
			return false
		}
	}
	return true
}

func bounded(s string, max int) string {
	if len(s) <= max {
		return s
	}
	s = s[:max]
	for len(s) > 0 && !utf8.ValidString(s[max1(len(s)-utf8.UTFMax):]) {
		s = s[:len(s)-1]
	}
	return s + "..."
}
