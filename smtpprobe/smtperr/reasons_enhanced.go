package smtperr

// subjectDetail is an enhanced code without its class.
type subjectDetail struct{ subject, detail int }

// byEnhanced is the reason of each listed code of RFC 3463 and its successors
// that does not depend on anything else.
var byEnhanced = map[subjectDetail]Reason{
	{1, 1}: ReasonMailboxUnknown,
	{1, 2}: ReasonRecipientDomainUnknown,
	{1, 3}: ReasonRecipientSyntax,
	{1, 4}: ReasonMailboxAmbiguous,
	{1, 6}: ReasonMailboxMoved,
	{1, 7}: ReasonSenderSyntax,
	{1, 8}: ReasonSenderDomainInvalid,

	{2, 1}: ReasonMailboxDisabled,
	{2, 2}: ReasonMailboxFull,
	{2, 3}: ReasonMessageTooLarge,
	{2, 4}: ReasonListExpansion,

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

	{5, 2}: ReasonSyntax,
	{5, 3}: ReasonTooManyRecipients,
	{5, 4}: ReasonInvalidArguments,
	{5, 5}: ReasonProtocolVersion,
	{5, 6}: ReasonAuthLineTooLong,

	{6, 7}: ReasonSMTPUTF8Required,
	{6, 8}: ReasonSMTPUTF8Required,
	{6, 9}: ReasonSMTPUTF8Required,

	{7, 2}:  ReasonListProhibited,
	{7, 5}:  ReasonCrypto,
	{7, 6}:  ReasonCrypto,
	{7, 7}:  ReasonIntegrity,
	{7, 8}:  ReasonAuthCredentialsInvalid,
	{7, 9}:  ReasonAuthMechanismWeak,
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
}

// enhancedReason is the reason that an enhanced code gives, none if it is not
// listed.
func enhancedReason(phase Phase, r *Reply, c Session) Reason {
	e := r.Enhanced
	if reason := byEnhanced[subjectDetail{e.Subject, e.Detail}]; reason != "" {
		return reason
	}
	switch (subjectDetail{e.Subject, e.Detail}) {
	case subjectDetail{1, 10}:
		return either(r.Code == 556, ReasonNullMX, ReasonMailboxUnknown)
	case subjectDetail{4, 1}:
		return either(phase == PhaseRcpt, ReasonMailboxUnavailable, ReasonNextHopUnreachable)
	case subjectDetail{5, 1}:
		return either(phase == PhaseData && (r.Code == 503 || r.Code == 554), ReasonNoValidRecipients, ReasonBadSequence)
	case subjectDetail{7, 1}:
		return either(e.Class == 5, ReasonNotAuthorized, ReasonPolicyTemporary)
	case subjectDetail{7, 4}:
		return either(phase == PhaseAuth, ReasonAuthMechanismUnsupported, "")
	case subjectDetail{7, 0}:
		return undefinedPolicy(phase, r, c)
	}
	switch e.Subject {
	case 3:
		return ReasonSystemError
	case 6:
		return ReasonContent
	}
	return ""
}

// undefinedPolicy is X.7.0, "other or undefined security status": the reply
// code says more.
func undefinedPolicy(phase Phase, r *Reply, c Session) Reason {
	switch {
	case phase == PhaseAuth && r.Code == 454:
		return ReasonAuthTemporary
	case r.Code == 530:
		return whatIsMissing(c)
	}
	return either(r.Enhanced.Class == 5, ReasonPolicy, ReasonPolicyTemporary)
}

// whatIsMissing is 530: TLS, where AUTH will be offered only after it (RFC
// 3207 §4), else AUTH (RFC 4954 §6).
func whatIsMissing(c Session) Reason {
	return either(!c.TLS && !c.AuthOffered, ReasonTLSRequired, ReasonAuthRequired)
}

func either(condition bool, yes, no Reason) Reason {
	if condition {
		return yes
	}
	return no
}
