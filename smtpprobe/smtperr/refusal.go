package smtperr

import (
	"cmp"
	"regexp"
)

// ClassifyReply returns nil if the reply is the one due in the phase, else an
// *Error. A 334 in AUTH is the caller's to answer; given here, it is one
// challenge too many. An empty phase means NOOP, VRFY or another command that
// belongs to no phase.
func ClassifyReply(phase Phase, r Reply, s Session) error {
	return asError(verdictOnReply(phase, r, s))
}

func verdictOnReply(phase Phase, r Reply, s Session) *Error {
	row := phase.row()
	if row.accepts.contains(r.Code) || phase == PhaseAuth && r.Code == 503 && s.Authenticated {
		return nil
	}
	return refusal(phase, row, r.normalized(), s)
}

// refusal classifies a reply that is not due in the phase.
func refusal(phase Phase, row phaseRow, r Reply, s Session) *Error {
	e := &Error{Phase: phase, Sender: s.Sender, Recipient: s.Recipient}
	if r.Code < 200 || r.Code > 599 {
		e.Class, e.Reason = ClassProtocolError, ReasonBadCode
		return e
	}
	e.Reply = &r
	if phase == PhaseAuth {
		e.mechanism = s.Mechanism
	}
	switch {
	case r.Code == 334 && phase == PhaseAuth:
		e.Class, e.Reason = ClassAuthFailed, ReasonChallengeLoop
	case r.Code < 400:
		e.Class, e.Reason = ClassProtocolError, ReasonUnexpectedCode
	case r.Code == 421:
		e.Class, e.Reason = ClassServiceUnavailable, replyReason(phase, e.Reply, s)
	default:
		e.Class, e.Reason = row.refusal, cmp.Or(wrongProtocol(phase, e.Reply, s), replyReason(phase, e.Reply, s))
		e.tooManyRcpt = tooManyRecipients(phase, e.Reply, s)
	}
	return e
}

// wrongProtocol returns the reason if the server knows neither EHLO nor HELO
// because it speaks LMTP, or not LHLO because it speaks SMTP.
func wrongProtocol(phase Phase, r *Reply, s Session) Reason {
	switch {
	case phase != PhaseEHLO && phase != PhaseHELO, !isUnknownCommand(r):
		return ""
	case s.LMTP:
		return ReasonNotLMTP
	case phase == PhaseHELO && s.EHLO != nil:
		if isUnknownCommand(s.EHLO) && lmtpWords.MatchString(s.EHLO.Text()+" "+r.Text()) {
			return ReasonNotSMTPLMTP
		}
		return ""
	case lmtpWords.MatchString(r.Text()):
		return ReasonNotSMTPLMTP
	}
	return ""
}

var lmtpWords = regexp.MustCompile(`(?i)\b(?:LMTP|LHLO)\b`)

// isUnknownCommand reports whether the server does not know the command. 501 means
// that it knows it.
func isUnknownCommand(r *Reply) bool { return r.Code == 500 || 502 <= r.Code && r.Code <= 504 }

// tooManyRecipients reports whether a 552 means 452: servers older than RFC
// 2821 use it for too many recipients (RFC 5321 §4.5.3.1.10).
func tooManyRecipients(phase Phase, r *Reply, s Session) bool {
	return phase == PhaseRcpt && r.Code == 552 && s.RecipientAccepted &&
		(r.Enhanced.IsZero() || r.Enhanced == EnhancedCode{5, 5, 3})
}

// Refusals sums up the refusals of recipients, of RCPT or with LMTP of the final
// dot, where accepted is the number of recipients that were accepted. It returns
// nil if there are no refusals, else an *Error of ClassRecipientRefused if some
// recipients were accepted, ClassRecipientsRefused if none was, or
// ClassServiceUnavailable after a 421. The first 4xx represents the refusals and
// makes the sum temporary, else the first one does. Error.Recipients has all.
func Refusals(phase Phase, refused []*Error, accepted int) error {
	return asError(sumUp(phase, refused, accepted))
}

func sumUp(phase Phase, refused []*Error, accepted int) *Error {
	shown := representative(refused)
	if shown == nil {
		return nil
	}
	sum := *shown
	sum.Phase = phase
	sum.Recipients = refused
	sum.allRefused = accepted == 0
	switch {
	case sum.Class == ClassServiceUnavailable:
	case accepted > 0:
		sum.Class = ClassRecipientRefused
	default:
		sum.Class = ClassRecipientsRefused
	}
	return &sum
}

func representative(refused []*Error) *Error {
	var shown *Error
	for _, e := range refused {
		switch {
		case e == nil:
		case e.Class == ClassServiceUnavailable:
			return e
		case shown == nil, e.Code()/100 == 4 && shown.Code()/100 != 4:
			shown = e
		}
	}
	return shown
}
