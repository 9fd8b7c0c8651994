package smtperr

// ClassifyReply returns what a reply means in a phase: nil where it is the one
// the phase needs, else the error. Challenges of AUTH (334) are the caller's to
// answer; one that is given here is one too many. An empty phase stands for
// NOOP, VRFY and other commands that belong to no phase.
func ClassifyReply(phase Phase, r Reply, c Circumstances) *Error {
	if accepted(phase, r.Code, c) {
		return nil
	}
	// The error and its reply are one allocation.
	made := &struct {
		Error
		reply Reply
	}{reply: r.sound()}
	e := &made.Error
	e.Phase, e.Sender, e.Recipient = phase, c.Sender, c.Recipient
	if r.Code < 200 || r.Code > 599 {
		e.Class, e.Reason, e.Temporary = ProtocolError, ReasonBadCode, true
		return e
	}
	e.Reply = &made.reply
	switch {
	case r.Code == 334 && phase == PhaseAuth:
		e.Class, e.Reason = AuthFailed, ReasonChallengeLoop
	case r.Code < 400:
		e.Class, e.Reason, e.Temporary = ProtocolError, ReasonUnexpectedCode, true
	case r.Code == 421:
		e.Class, e.Reason, e.Temporary = ServiceUnavailable, replyReason(phase, e.Reply, c), true
	default:
		e.Class, e.Reason = refusal(phase), replyReason(phase, e.Reply, c)
		e.Temporary = r.Code < 500 || tooManyRecipients(phase, e.Reply, c)
	}
	return e
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

// refusal is the class of a 4xx or 5xx by its phase.
func refusal(phase Phase) Class {
	switch phase {
	case PhaseGreeting:
		return GreetingRefused
	case PhaseEHLO, PhaseHELO:
		return HeloRefused
	case PhaseSTARTTLS:
		return StartTLSRefused
	case PhaseAuth:
		return AuthFailed
	case PhaseMail:
		return SenderRefused
	case PhaseRcpt:
		return RecipientRefused
	case PhaseData, PhaseBody, PhaseDot:
		return DataRefused
	}
	return ResponseError
}

// tooManyRecipients: servers older than RFC 2821 say 552 where 452 is meant
// (RFC 5321 §4.5.3.1.10).
func tooManyRecipients(phase Phase, r *Reply, c Circumstances) bool {
	return phase == PhaseRcpt && r.Code == 552 && c.RecipientAccepted &&
		(r.Enhanced.IsZero() || r.Enhanced == EnhancedCode{5, 5, 3})
}
