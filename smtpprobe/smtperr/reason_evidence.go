package smtperr

// replyReason refines a refusal. Evidence counts from the best to the weakest,
// and the first that says something decides: the words that name the matter, a
// specific enhanced code, a reply code with one meaning, a vague enhanced code,
// the subject of an unlisted one, and the code in its phase. Class and permanence
// depend on none of this (RFC 5321 §4.2).
func replyReason(phase Phase, r *Reply, s Session) Reason {
	var space [192]word
	l := lexer{words: space[:0]}
	l.read(r.Lines)
	text := l.words

	coded := !r.Enhanced.IsZero() && (isAnnounced(phase) || r.Enhanced.Detail >= 20)
	if !coded || !isPrecise(phase, r) {
		if reason := index.reason(phase, r.Code, text); reason != "" {
			return reason
		}
	}
	if coded && !(phase == PhaseSTARTTLS && r.Code == 454) { // RFC 3207 §4 gives that one meaning
		if reason := specific(phase, r); reason != "" {
			return reason
		}
	}
	if reason := definite(phase, r.Code, text, s); reason != "" {
		return reason
	}
	if reason := hintIndex.reason(phase, r.Code, text); reason != "" {
		return reason
	}
	if coded {
		if reason := fromCode(phase, r); reason != "" {
			return reason
		}
	}
	return codeReason(phase, r.Code, s)
}

// fromCode is the reason of an enhanced code that is vague or not listed.
func fromCode(phase Phase, r *Reply) Reason {
	if phase != PhaseAuth && r.Code == 535 && byEnhancedInAuth[r.Enhanced.detail()] != "" {
		return ReasonAuthRequired // a code of AUTH for a client that has not logged in
	}
	if reason := vague(phase, r.Enhanced); reason != "" {
		return reason
	}
	return bySubject(r.Enhanced)
}

// isAnnounced reports whether enhanced codes may be in use: the greeting and the
// reply to EHLO come before they are announced (RFC 2034 §4), so small details
// give no reason there.
func isAnnounced(phase Phase) bool {
	return phase != PhaseGreeting && phase != PhaseEHLO && phase != PhaseHELO
}
