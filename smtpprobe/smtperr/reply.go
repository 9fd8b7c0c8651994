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

// ClassifyReply returns what a reply means in a phase: nil where it is the one
// the phase needs, else the error. Challenges of AUTH (334) are the caller's to
// answer; one that is given here is one too many.
func ClassifyReply(phase Phase, r Reply, c Circumstances) *Error {
	if accepted(phase, r.Code, c) {
		return nil
	}
	reply := r
	e := &Error{Phase: phase, Reply: &reply, Sender: c.Sender, Recipient: c.Recipient}
	switch digit := r.Code / 100; {
	case r.Code < 200 || r.Code > 599:
		e.Class, e.Reason, e.Temporary, e.Reply = ProtocolError, ReasonBadCode, true, nil
	case r.Code == 421:
		e.Class, e.Temporary = ServiceUnavailable, true
		e.Reason = replyReason(phase, &reply, c)
	case phase == PhaseAuth && r.Code == 334:
		e.Class, e.Reason = AuthFailed, ReasonChallengeLoop
	case digit < 4 && phase != PhaseRset && phase != PhaseQuit && phase != "":
		e.Class, e.Reason, e.Temporary = ProtocolError, ReasonUnexpectedCode, true
	default:
		e.Class = refusals[phase]
		if e.Class == None {
			e.Class = ResponseError
		}
		e.Temporary = digit == 4
		e.Reason = replyReason(phase, &reply, c)
		if digit < 4 {
			e.Reason = ReasonUnexpectedCode
		}
		if tooManyRecipients(phase, &reply, c) {
			e.Temporary = true
		}
	}
	return e
}

// refusals is the class of a 4xx or 5xx by its phase.
var refusals = map[Phase]Class{
	PhaseGreeting: GreetingRefused,
	PhaseEHLO:     HeloRefused,
	PhaseHELO:     HeloRefused,
	PhaseSTARTTLS: StartTLSRefused,
	PhaseAuth:     AuthFailed,
	PhaseMail:     SenderRefused,
	PhaseRcpt:     RecipientRefused,
	PhaseData:     DataRefused,
	PhaseBody:     DataRefused,
	PhaseDot:      DataRefused,
}

// accepted tells whether a phase got what it needs. Unknown codes go by their
// first digit (RFC 5321 §4.3.2), but where the two sides change state together
// one code counts.
func accepted(phase Phase, code int, c Circumstances) bool {
	switch phase {
	case PhaseGreeting, PhaseSTARTTLS:
		return code == 220
	case PhaseAuth:
		return code == 235 || code == 503 && c.Authenticated
	case PhaseData:
		return code/100 == 3
	}
	return code/100 == 2
}

// tooManyRecipients: servers older than RFC 2821 say 552 where 452 is meant
// (RFC 5321 §4.5.3.1.10).
func tooManyRecipients(phase Phase, r *Reply, c Circumstances) bool {
	return phase == PhaseRcpt && r.Code == 552 && c.RecipientAccepted &&
		(r.Enhanced == EnhancedCode{} || r.Enhanced == EnhancedCode{5, 5, 3})
}
