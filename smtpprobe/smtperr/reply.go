package smtperr

import "strings"

// EnhancedCode is an enhanced mail system status code (RFC 3463). The zero
// value is none.
type EnhancedCode struct{ Class, Subject, Detail int }

// Reply is one complete SMTP reply (RFC 5321 §4.2), as the relay sent it.
type Reply struct {
	Code     int
	Lines    []string     // the text of each line, without code and line end, unescaped
	Enhanced EnhancedCode // zero if there is none
	// EnhancedMismatch tells of an enhanced code that was dropped because its
	// class digit differs from the reply code's.
	EnhancedMismatch bool
}

// NewReply reads the enhanced code out of the lines of a reply.
func NewReply(code int, lines []string) Reply {
	return Reply{Code: code, Lines: lines} // TODO
}

// Text is the reply's text, its lines joined by LF, unescaped.
func (r Reply) Text() string { return strings.Join(r.Lines, "\n") }

// Circumstances are the facts of a session, besides phase and reply, on which
// the meaning of a reply depends.
type Circumstances struct {
	TLS               bool // the session is encrypted
	AuthOffered       bool // the last EHLO offered AUTH
	Authenticated     bool // this session saw a 235
	RecipientAccepted bool // a RCPT of this transaction was accepted
	OverlongLine      bool // the command was longer than 512 bytes (RFC 5321 §4.5.3.1.4)
	Sender            string
	Recipient         string
}

// ClassifyReply returns what a reply means in a phase: nil where it is the one
// the phase needs (rule 3), else the error. A 334 in AUTH and a further prompt
// is the caller's to handle before; here it is a challenge without end.
func ClassifyReply(phase Phase, r Reply, c Circumstances) *Error {
	panic("TODO")
}
