package smtperr

import (
	"cmp"
	"regexp"
)

// ClassifyReply returns nil if the reply is the expected one in the phase, such as a
// 2xx after RCPT. Otherwise it returns an *Error. The caller answers the challenges
// of AUTH itself: ClassifyReply takes a 334 for a challenge too many. An empty phase
// means NOOP, VRFY or another command that has no phase.
func ClassifyReply(phase Phase, r Reply, s Session) error {
	return asError(replyError(phase, r, s))
}

func replyError(phase Phase, r Reply, s Session) *Error {
	row := phase.row()
	if row.accepts.contains(r.Code) || phase == PhaseAuth && r.Code == 503 && s.Authenticated {
		return nil
	}
	return refusal(phase, row, r.normalized(), s)
}

// refusal classifies an unexpected reply.
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
		e.tooManyRcpt = isTooManyRecipients(phase, e.Reply, s)
	}
	return e
}

// wrongProtocol returns the reason if the server implements neither EHLO nor HELO
// because it speaks LMTP, or no LHLO because it speaks SMTP.
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

// isUnknownCommand reports whether the server does not implement the command. A 501
// is about its argument.
func isUnknownCommand(r *Reply) bool { return r.Code == 500 || 502 <= r.Code && r.Code <= 504 }

// isTooManyRecipients reports whether a 552 means 452: old servers use it for too
// many recipients (RFC 5321 §4.5.3.1.10).
func isTooManyRecipients(phase Phase, r *Reply, s Session) bool {
	return phase == PhaseRcpt && r.Code == 552 && s.RecipientAccepted &&
		(r.Enhanced.IsZero() || r.Enhanced == EnhancedCode{5, 5, 3})
}

// Refusals combines the refusals of recipients into one *Error: those of RCPT, or
// with LMTP those after the final dot. accepted is the number of recipients that
// were accepted. The class is ClassRecipientRefused if some recipients were accepted,
// ClassRecipientsRefused if none was, and ClassServiceUnavailable after a 421. Reply
// and reason are those of the 421, else of the first 4xx, else of the first refusal;
// Error.Recipients has all. Without refusals, Refusals returns nil.
func Refusals(phase Phase, refused []*Error, accepted int) error {
	return asError(combine(phase, refused, accepted))
}

func combine(phase Phase, refused []*Error, accepted int) *Error {
	first := representative(refused)
	if first == nil {
		return nil
	}
	combined := *first
	combined.Phase = phase
	combined.Recipients = refused
	combined.allRefused = accepted == 0
	switch {
	case combined.Class == ClassServiceUnavailable:
	case accepted > 0:
		combined.Class = ClassRecipientRefused
	default:
		combined.Class = ClassRecipientsRefused
	}
	return &combined
}

// representative returns the refusal whose reply stands for all.
func representative(refused []*Error) *Error {
	var best *Error
	for _, e := range refused {
		switch {
		case e == nil:
		case e.Class == ClassServiceUnavailable:
			return e
		case best == nil, e.Code()/100 == 4 && best.Code()/100 != 4:
			best = e
		}
	}
	return best
}
