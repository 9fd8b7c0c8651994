package smtperr

// phaseCode is a reply code in a phase. An empty phase stands for any phase.
type phaseCode struct {
	phase Phase
	code  int
}

// definiteCodes has the reply codes with one meaning. They take precedence over vague
// enhanced codes.
var definiteCodes = map[phaseCode]Reason{
	{PhaseGreeting, 521}: ReasonHostNoMail,

	{PhaseSTARTTLS, 454}: ReasonTLSUnavailable, // RFC 3207 §4

	// RFC 4954 §6.
	{PhaseAuth, 535}: ReasonAuthCredentialsInvalid,
	{PhaseAuth, 534}: ReasonAuthMechanismWeak,
	{PhaseAuth, 538}: ReasonTLSRequired,
	{PhaseAuth, 525}: ReasonAccountDisabled,
	{PhaseAuth, 454}: ReasonAuthTemporary,

	{"", 523}: ReasonTLSRequired,
	{"", 524}: ReasonTLSRequired,
	{"", 551}: ReasonMailboxMoved, // RFC 5321 §4.2.3
	{"", 556}: ReasonNullMX,       // RFC 7504 §3
}

// byCode has the reasons of reply codes without better evidence.
var byCode = map[phaseCode]Reason{
	{PhaseGreeting, 554}: ReasonAccessDenied,

	{PhaseAuth, 432}: ReasonPasswordTransition,
	{PhaseAuth, 504}: ReasonAuthMechanismUnsupported,
	{PhaseAuth, 503}: ReasonBadSequence,

	{"", 451}: ReasonSystemError,
	{"", 535}: ReasonAuthRequired,

	{PhaseRcpt, 450}: ReasonMailboxUnavailableTemp,
	{PhaseRcpt, 550}: ReasonMailboxUnavailable,

	{PhaseMail, 553}: ReasonAddressNotAllowed,
	{PhaseRcpt, 553}: ReasonAddressNotAllowed,
	{PhaseMail, 455}: ReasonParameters,
	{PhaseRcpt, 455}: ReasonParameters,
	{PhaseMail, 555}: ReasonParameters,
	{PhaseRcpt, 555}: ReasonParameters,

	{PhaseMail, 452}: ReasonSystemFull,
	{PhaseData, 452}: ReasonSystemFull,
	{PhaseBody, 452}: ReasonSystemFull,
	{PhaseDot, 452}:  ReasonSystemFull,

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

// definiteReason returns the reason of a reply code with one meaning.
func definiteReason(phase Phase, code int, words []string, s Session) Reason {
	if code == 530 {
		return reason530(phase, words, s)
	}
	return lookUp(definiteCodes, phase, code)
}

// codeReason returns the reason of a reply without better evidence than its code.
func codeReason(phase Phase, code int, s Session) Reason {
	switch {
	case phase == PhaseAuth && code == 500 && s.OverlongLine:
		return ReasonAuthLineTooLong
	case phase == PhaseRcpt && code == 452:
		return either(s.RecipientAccepted, ReasonTooManyRecipients, ReasonSystemFull)
	case phase == PhaseRcpt && code == 552:
		return either(s.RecipientAccepted, ReasonTooManyRecipients, ReasonMailboxFull)
	}
	if reason := lookUp(byCode, phase, code); reason != "" && !(phase == PhaseAuth && code == 451) {
		return reason
	}
	if phase == PhaseAuth && code/100 == 4 && code != 421 {
		return ReasonAuthTemporary
	}
	return ReasonRefused
}

func lookUp(table map[phaseCode]Reason, phase Phase, code int) Reason {
	if reason := table[phaseCode{phase, code}]; reason != "" {
		return reason
	}
	return table[phaseCode{"", code}]
}

// reason530 returns the reason of a 530. It requires STARTTLS (RFC 3207 §4) in
// plaintext sessions without AUTH, during AUTH, or if the text names TLS. Otherwise it
// requires AUTH (RFC 4954 §6).
func reason530(phase Phase, words []string, s Session) Reason {
	if !s.TLS && (phase == PhaseAuth || !s.AuthOffered || namesTLS(words)) {
		return ReasonTLSRequired
	}
	return ReasonAuthRequired
}

// wordTLS matches the names of TLS.
var wordTLS = parsePattern("starttls|tls|ssl")[0]

func namesTLS(words []string) bool {
	for i := range words {
		if wordTLS.matches(words[i:]) {
			return true
		}
	}
	return false
}
