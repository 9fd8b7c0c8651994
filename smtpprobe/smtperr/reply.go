package smtperr

import "strings"

// Reply is one complete SMTP reply (RFC 5321 §4.2), as the relay sent it.
type Reply struct {
	Code     int
	Lines    []string     // the text of each line, without code and line end, unescaped
	Enhanced EnhancedCode // zero if there is none
	// EnhancedMismatch tells of an enhanced code that was dropped because its
	// class digit differs from the reply code's.
	EnhancedMismatch bool
}

// NewReply makes a reply of the lines' texts and reads their enhanced code.
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

// sound is the reply with the enhanced code that counts, whoever made it.
func (r Reply) sound() Reply {
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

// Text is the reply's text, its lines joined by LF, unescaped.
func (r Reply) Text() string {
	if len(r.Lines) == 1 {
		return r.Lines[0]
	}
	return strings.Join(r.Lines, "\n")
}

// Circumstances are the facts of a session, besides phase and reply, on which
// the meaning of a reply depends.
type Circumstances struct {
	TLS               bool // the session is encrypted
	AuthOffered       bool // the last EHLO offered AUTH
	Authenticated     bool // this session saw a 235
	RecipientAccepted bool // a RCPT of this transaction was accepted
	OverlongLine      bool // the command was longer than 512 octets (RFC 5321 §4.5.3.1.4)
	Sender            string
	Recipient         string
}
