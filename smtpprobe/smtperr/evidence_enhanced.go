package smtperr

// subjectDetail is an enhanced code without its class digit.
type subjectDetail struct{ subject, detail int }

func (e EnhancedCode) withoutClass() subjectDetail { return subjectDetail{e.Subject, e.Detail} }

// byEnhanced has the reasons of the specific codes of RFC 3463 and its successors, and
// of providers, that depend only on the code.
var byEnhanced = map[subjectDetail]Reason{
	{1, 1}: ReasonMailboxUnknown,
	{1, 2}: ReasonRecipientDomainUnknown,
	{1, 3}: ReasonRecipientSyntax,
	{1, 4}: ReasonMailboxAmbiguous,
	{1, 6}: ReasonMailboxMoved,
	{1, 7}: ReasonSenderSyntax,
	{1, 8}: ReasonSenderDomainInvalid,

	{2, 1}:   ReasonMailboxDisabled,
	{2, 2}:   ReasonMailboxFull,
	{2, 3}:   ReasonMessageTooLarge,
	{2, 4}:   ReasonListExpansion,
	{2, 252}: ReasonSenderNotAllowed, // Exchange

	{3, 1}: ReasonSystemFull,
	{3, 2}: ReasonNotAccepting,
	{3, 3}: ReasonFeatureUnsupported,
	{3, 4}: ReasonMessageTooLarge,
	{3, 5}: ReasonRelayMisconfigured,

	{4, 2}: ReasonConnectionDropped,
	{4, 3}: ReasonDNSMisconfig,
	{4, 4}: ReasonUnroutable,
	{4, 5}: ReasonCongested,
	{4, 6}: ReasonMailLoop,
	{4, 7}: ReasonExpired,

	{5, 3}: ReasonTooManyRecipients,
	{5, 4}: ReasonInvalidArguments,
	{5, 6}: ReasonAuthLineTooLong,

	{6, 7}: ReasonSMTPUTF8Required,
	{6, 8}: ReasonSMTPUTF8Required,
	{6, 9}: ReasonSMTPUTF8Required,

	{7, 2}:  ReasonListProhibited,
	{7, 5}:  ReasonCrypto,
	{7, 6}:  ReasonCrypto,
	{7, 7}:  ReasonIntegrity,
	{7, 10}: ReasonTLSRequired,
	{7, 11}: ReasonTLSRequired,
	{7, 12}: ReasonPasswordTransition,
	{7, 13}: ReasonAccountDisabled,
	{7, 14}: ReasonTrustRequired,
	{7, 15}: ReasonPriority,
	{7, 16}: ReasonMessageTooLarge,
	{7, 17}: ReasonRRVS,
	{7, 18}: ReasonRRVS,
	{7, 19}: ReasonRRVS,
	{7, 20}: ReasonDKIM,
	{7, 21}: ReasonDKIM,
	{7, 22}: ReasonDKIM,
	{7, 23}: ReasonSPF,
	{7, 24}: ReasonSPF,
	{7, 25}: ReasonRDNS,
	{7, 26}: ReasonAuthChecksFailed,
	{7, 27}: ReasonSenderNullMX,
	{7, 28}: ReasonRateLimited,
	{7, 29}: ReasonARC,
	{7, 30}: ReasonRequireTLS,

	// Exchange and Outlook.
	{7, 54}:  ReasonRelayDenied,
	{7, 57}:  ReasonAuthRequired,
	{7, 60}:  ReasonSenderNotAllowed,
	{7, 64}:  ReasonRelayDenied,
	{7, 66}:  ReasonTLSVersionRejected,
	{7, 515}: ReasonAuthChecksFailed,
	{7, 708}: ReasonClientBlocked,
}

// byEnhancedInAuth has the reasons of codes that count only in AUTH.
var byEnhancedInAuth = map[subjectDetail]Reason{
	{7, 4}:   ReasonAuthMechanismUnsupported,
	{7, 8}:   ReasonAuthCredentialsInvalid,
	{7, 9}:   ReasonAuthMechanismWeak,
	{7, 139}: ReasonAuthDisabled, // Exchange
}

// isPrecise reports whether the enhanced code takes precedence over words. In AUTH,
// Exchange uses X.7.30 for disabled accounts instead of REQUIRETLS.
func isPrecise(phase Phase, r *Reply) bool {
	switch e := r.Enhanced; e.Subject {
	case 1:
		return e.Detail >= 1 && e.Detail <= 3 || e.Detail == 6 || e.Detail == 10
	case 2:
		return e.Detail >= 1 && e.Detail <= 3 || e.Detail == 252
	case 3:
		return e.Detail == 4
	case 4:
		return e.Detail == 6 || e.Detail == 5 && r.Code == 452
	case 7:
		if phase == PhaseAuth && e.Detail == 30 {
			return false
		}
		return e.Detail == 13 || e.Detail >= 20 && e.Detail != 139 && specificReason("", r) != ""
	}
	return false
}

// specificReason returns the reason of a specific enhanced code, empty if the code is
// vague or not listed.
func specificReason(phase Phase, r *Reply) Reason {
	e := r.Enhanced
	if phase == PhaseAuth {
		if reason := byEnhancedInAuth[e.withoutClass()]; reason != "" {
			return reason
		}
	}
	switch d := e.withoutClass(); {
	case d == subjectDetail{1, 1} && e.Class == 4, d == subjectDetail{2, 1} && e.Class == 4:
		return ReasonMailboxUnavailableTemp
	case d == subjectDetail{1, 8} && isMessage(phase): // vague there
		return ""
	case d == subjectDetail{1, 10}:
		return either(r.Code == 556, ReasonNullMX, ReasonMailboxUnknown)
	case d == subjectDetail{4, 1}:
		return either(phase == PhaseRcpt, ReasonMailboxUnavailable, ReasonNextHopUnreachable)
	case d == subjectDetail{4, 5} && r.Code == 452:
		return ReasonSystemFull
	case d == subjectDetail{5, 1} && phase == PhaseData && (r.Code == 503 || r.Code == 554):
		return ReasonNoValidRecipients
	case d == subjectDetail{7, 500} && e.Class == 4:
		return ReasonCongested
	case d.subject == 7 && d.detail >= 606 && d.detail <= 649:
		return ReasonClientBlocked
	case d.subject == 7 && d.detail >= 650 && d.detail <= 699 && e.Class == 4:
		return ReasonRateLimited
	}
	return byEnhanced[e.withoutClass()]
}

// vagueDetail returns the reason of an enhanced code that servers use for many
// purposes.
func vagueDetail(phase Phase, e EnhancedCode) Reason {
	switch e.withoutClass() {
	case subjectDetail{7, 1}, subjectDetail{7, 0}:
		switch {
		case e.Class == 4:
			return ReasonPolicyTemporary
		case isMessage(phase):
			return ReasonContentRejected
		}
		return either(e.Detail == 1, ReasonNotAuthorized, ReasonPolicy)
	case subjectDetail{5, 1}:
		return ReasonBadSequence
	case subjectDetail{5, 2}, subjectDetail{5, 5}:
		return ReasonSyntax
	case subjectDetail{3, 0}:
		return ReasonSystemError
	case subjectDetail{1, 8}:
		return ReasonSenderDomainInvalid
	}
	return ""
}

// isMessage reports whether the reply is about the message itself.
func isMessage(phase Phase) bool { return phase == PhaseBody || phase == PhaseDot }

// subjectReason returns the reason of the subject of an unlisted code (RFC 3463 §2).
// With detail 0, the subjects address, mailbox, routing and protocol are no better
// evidence than the reply code.
func subjectReason(e EnhancedCode) Reason {
	if e.Detail == 0 && (e.Subject == 1 || e.Subject == 2 || e.Subject == 4 || e.Subject == 5) {
		return ""
	}
	switch e.Subject {
	case 1:
		return ReasonAddressNotAllowed
	case 2:
		return ReasonMailboxUnavailable
	case 3:
		return ReasonSystemError
	case 4:
		return ReasonNextHopUnreachable
	case 5:
		return ReasonSyntax
	case 6:
		return ReasonContent
	case 7:
		return either(e.Class == 5, ReasonPolicy, ReasonPolicyTemporary)
	}
	return ""
}

func either(condition bool, yes, no Reason) Reason {
	if condition {
		return yes
	}
	return no
}
