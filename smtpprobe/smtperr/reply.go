package smtperr

import (
	"strconv"
	"strings"
)

// Reply is a complete SMTP reply (RFC 5321 §4.2) as the server sent it.
type Reply struct {
	Code     int
	Lines    []string     // the unescaped text of each line, without reply code and line end
	Enhanced EnhancedCode // zero if there is none
	// EnhancedMismatch reports that an enhanced code was dropped because its
	// class digit differs from the reply code's.
	EnhancedMismatch bool
}

// NewReply returns a Reply with the given lines, and with the enhanced code at the
// start of the first line, if any.
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

// normalized returns r as NewReply would have returned it.
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

// Text returns the unescaped lines of r, separated by LF.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// EnhancedCode is an enhanced mail system status code (RFC 3463). The zero value
// means that there is none.
type EnhancedCode struct{ Class, Subject, Detail int }

// IsZero reports whether e is the zero value.
func (e EnhancedCode) IsZero() bool { return e == EnhancedCode{} }

// String returns the code, such as "5.7.8", or an empty string for the zero value.
func (e EnhancedCode) String() string {
	if e.IsZero() {
		return ""
	}
	return strconv.Itoa(e.Class) + "." + strconv.Itoa(e.Subject) + "." + strconv.Itoa(e.Detail)
}

// ParseEnhanced parses the enhanced code at the start of a reply's text and reports
// whether there is one. It must be followed by white space or the end of the text
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

// number parses one to three digits at the start of s.
func number(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		n = 10*n + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= 1 && i <= 3
}

// Session is the state of the session in which a reply arrives. The same reply may
// have another reason in another state. The zero value is a plaintext SMTP session
// without AUTH.
type Session struct {
	LMTP              bool // the session began with LHLO (RFC 2033)
	TLS               bool // the session is encrypted
	AuthOffered       bool // the last EHLO reply offered AUTH
	Authenticated     bool // AUTH has succeeded
	RecipientAccepted bool // a RCPT of the transaction has been accepted
	OverlongLine      bool // the command was longer than 512 bytes (RFC 5321 §4.5.3.1.4)
	// Mechanism is the mechanism of the AUTH command, such as "PLAIN". Some
	// mechanisms fail if the server stores passwords in another form.
	Mechanism string
	// EHLO is the reply to EHLO in PhaseHELO, or nil if it is unknown. A server that
	// implements neither EHLO nor HELO may be an LMTP server.
	EHLO      *Reply
	Sender    string // the address of MAIL
	Recipient string // the address of RCPT
}
