package smtperr

// phaseCode is a reply code in its phase; phase "" is any.
type phaseCode struct {
	phase Phase
	code  int
}

// byCode is the reason of a reply without a listed enhanced code.
var byCode = map[phaseCode]Reason{
	{PhaseGreeting, 554}: ReasonAccessDenied,
	{PhaseGreeting, 521}: ReasonHostNoMail,

	{PhaseSTARTTLS, 454}: ReasonTLSUnavailable,

	{PhaseAuth, 535}: ReasonAuthCredentialsInvalid,
	{PhaseAuth, 534}: ReasonAuthMechanismWeak,
	{PhaseAuth, 538}: ReasonTLSRequired,
	{PhaseAuth, 432}: ReasonPasswordTransition,
	{PhaseAuth, 454}: ReasonAuthTemporary,
	{PhaseAuth, 504}: ReasonAuthMechanismUnsupported,
	{PhaseAuth, 503}: ReasonBadSequence,

	{"", 451}: ReasonSystemError,
	{"", 523}: ReasonTLSRequired,
	{"", 524}: ReasonTLSRequired,

	{PhaseRcpt, 450}: ReasonMailboxUnavailableTemp,
	{PhaseRcpt, 550}: ReasonMailboxUnavailable,
	{PhaseRcpt, 551}: ReasonMailboxMoved,
	{PhaseRcpt, 556}: ReasonNullMX,

	{PhaseMail, 553}: ReasonAddressNotAllowed,
	{PhaseRcpt, 553}: ReasonAddressNotAllowed,
	{PhaseMail, 455}: ReasonParameters,
	{PhaseRcpt, 455}: ReasonParameters,
	{PhaseMail, 555}: ReasonParameters,
	{PhaseRcpt, 555}: ReasonParameters,

	{PhaseMail, 552}: ReasonMessageTooLarge,
	{PhaseDot, 552}:  ReasonMessageTooLarge,
	{PhaseBody, 552}: ReasonMessageTooLarge,

	{PhaseData, 503}: ReasonNoValidRecipients,
	{PhaseData, 554}: ReasonNoValidRecipients,
	{PhaseDot, 550}:  ReasonContentRejected,
	{PhaseDot, 554}:  ReasonContentRejected,
	{PhaseBody, 550}: ReasonContentRejected,
	{PhaseBody, 554}: ReasonContentRejected,
}

func codeReason(phase Phase, code int, c Session) Reason {
	switch {
	case code == 530:
		return whatIsMissing(c)
	case phase == PhaseAuth && code == 500 && c.OverlongLine:
		return ReasonAuthLineTooLong
	case phase == PhaseRcpt && code == 452:
		return either(c.RecipientAccepted, ReasonTooManyRecipients, ReasonSystemFull)
	case phase == PhaseRcpt && code == 552:
		return either(c.RecipientAccepted, ReasonTooManyRecipients, ReasonMailboxFull)
	}
	if reason := byCode[phaseCode{phase, code}]; reason != "" {
		return reason
	}
	if reason := byCode[phaseCode{"", code}]; reason != "" {
		return reason
	}
	return ReasonRefused
}

// replyReason refines a refusal: by its text where that is allowed to, by its
// enhanced code where that is listed, else by phase and code. In replies to the
// connection and to EHLO an enhanced code is not to be had yet (RFC 2034 §4),
// so it gives no reason there.
func replyReason(phase Phase, r *Reply, c Session) Reason {
	if reason := textReason(phase, r); reason != "" {
		return reason
	}
	if phase == PhaseSTARTTLS && r.Code == 454 {
		return ReasonTLSUnavailable
	}
	unannounced := phase == PhaseGreeting || phase == PhaseEHLO || phase == PhaseHELO
	if !r.Enhanced.IsZero() && !unannounced {
		if reason := enhancedReason(phase, r, c); reason != "" {
			return reason
		}
	}
	return codeReason(phase, r.Code, c)
}
