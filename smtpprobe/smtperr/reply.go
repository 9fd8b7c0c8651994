package smtperr

import (
	"strconv"
	"strings"
)

// Reply is one complete SMTP reply (RFC 5321 §4.2), as the server sent it.
type Reply struct {
	Code     int
	Lines    []string     // the text of each line, without code and line end, unescaped
	Enhanced EnhancedCode // zero if there is none
	// EnhancedMismatch reports that an enhanced code was dropped because its
	// class digit differs from the reply code's.
	EnhancedMismatch bool
}

// NewReply returns a reply of these lines, with the enhanced code that the
// first one starts with.
func NewReply(code int, lines []string) Reply {
	r := Reply{Code: code, Lines: lines}
	if len(lines) == 0 {
		return r
	}
	found, ok := ParseEnhanced(lines[0])
	switch {
	case !ok || code/100 == 3:
	case found.Class != code/100:
		r.EnhancedMismatch = true
	default:
		r.Enhanced = found
	}
	return r
}

// normalized returns the reply with its enhanced code, also if the caller did
// not use NewReply.
func (r Reply) normalized() Reply {
	switch {
	case r.Enhanced.IsZero():
		if !r.EnhancedMismatch {
			return NewReply(r.Code, r.Lines)
		}
	case r.Code/100 == 3:
		r.Enhanced = EnhancedCode{}
	case r.Enhanced.Class != r.Code/100:
		r.Enhanced, r.EnhancedMismatch = EnhancedCode{}, true
	}
	return r
}

// Text returns the lines, joined by LF, unescaped.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// EnhancedCode is an enhanced mail system status code (RFC 3463). The zero
// value means that there is none.
type EnhancedCode struct{ Class, Subject, Detail int }

// IsZero reports whether there is no code.
func (e EnhancedCode) IsZero() bool { return e == EnhancedCode{} }

// String returns the code as in "5.7.8", "" for the zero value.
func (e EnhancedCode) String() string {
	if e.IsZero() {
		return ""
	}
	return strconv.Itoa(e.Class) + "." + strconv.Itoa(e.Subject) + "." + strconv.Itoa(e.Detail)
}

// ParseEnhanced parses the enhanced code at the start of a reply's text: class
// 2, 4 or 5, subject and detail of one to three digits, then a blank or the end
// (RFC 2034 §4, RFC 3463 §2).
func ParseEnhanced(text string) (EnhancedCode, bool) {
	if len(text) < len("2.0.0") || text[1] != '.' || text[0] != '2' && text[0] != '4' && text[0] != '5' {
		return EnhancedCode{}, false
	}
	subject, rest, ok := number(text[2:])
	if !ok || rest == "" || rest[0] != '.' {
		return EnhancedCode{}, false
	}
	detail, rest, ok := number(rest[1:])
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return EnhancedCode{}, false
	}
	return EnhancedCode{int(text[0] - '0'), subject, detail}, true
}

// number parses one to three digits.
func number(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		n = 10*n + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= 1 && i <= 3
}

// Session is what the meaning of a reply depends on besides phase and code.
// The zero value is a session of which nothing is known.
type Session struct {
	LMTP              bool // the command was LHLO
	TLS               bool // the session is encrypted
	AuthOffered       bool // the last EHLO offered AUTH
	Authenticated     bool // a 235 was received
	RecipientAccepted bool // a RCPT of this transaction was accepted
	OverlongLine      bool // the command was longer than 512 bytes (RFC 5321 §4.5.3.1.4)
	// Mechanism is that of AUTH, such as "PLAIN". A refused password means
	// something else where the server must store it in a special form.
	Mechanism string
	// EHLO is the reply to EHLO, nil if it is not known. It counts in PhaseHELO
	// only: a server that knows neither command may speak LMTP.
	EHLO      *Reply
	Sender    string
	Recipient string
}
