package smtperr

// replyReason returns the reason of a refusal. Class and permanence do not depend
// on it (RFC 5321 §4.2). Evidence counts in this order, and the first that gives a
// reason decides:
//
//  1. words, except where the enhanced code is precise
//  2. a specific enhanced code
//  3. a reply code with one meaning
//  4. words that are weak evidence, and then a vague enhanced code
//  5. the subject of an enhanced code that is not listed
//  6. the reply code in its phase
//
// Codes are looked up in the tables of evidence_code.go and evidence_enhanced.go.
// Words are read in three steps:
//
//   - words.go splits the text into words and cuts them to their stems. Names and
//     addresses are removed: of "Client host [192.0.2.1] blocked using
//     zen.spamhaus.org" remain client, host, @ip, block, us, @list.
//   - pattern.go matches sequences of words, such as "host .. blocked".
//   - family.go looks for the first family with a pattern that matches. A family
//     is a reason, the phases and reply codes where it may be given, its patterns,
//     and patterns that speak against it. The families_*.go files list them.
//
// A reply that matches no family is not guessed at: its code decides.
func replyReason(phase Phase, r *Reply, s Session) Reason {
	words := wordsOf(r.Lines)
	hasCode := !r.Enhanced.IsZero() && (isAnnounced(phase) || r.Enhanced.Detail >= 20)
	if !hasCode || !isPrecise(phase, r) {
		if reason := families().reason(phase, r.Code, words); reason != "" {
			return reason
		}
	}
	if hasCode && !(phase == PhaseSTARTTLS && r.Code == 454) { // RFC 3207 §4
		if reason := specificReason(phase, r); reason != "" {
			return reason
		}
	}
	if reason := definiteReason(phase, r.Code, words, s); reason != "" {
		return reason
	}
	if reason := hints().reason(phase, r.Code, words); reason != "" {
		return reason
	}
	if hasCode {
		if reason := vagueReason(phase, r); reason != "" {
			return reason
		}
	}
	return codeReason(phase, r.Code, s)
}

// vagueReason returns the reason of an enhanced code that is vague or not listed.
func vagueReason(phase Phase, r *Reply) Reason {
	if phase != PhaseAuth && r.Code == 535 && byEnhancedInAuth[r.Enhanced.withoutClass()] != "" {
		return ReasonAuthRequired // such as 535 5.7.8 to MAIL
	}
	if reason := vagueDetail(phase, r.Enhanced); reason != "" {
		return reason
	}
	return subjectReason(r.Enhanced)
}

// isAnnounced reports whether the server has announced enhanced codes. The greeting
// and the reply to EHLO precede the announcement (RFC 2034 §4), and servers use small
// details loosely there.
func isAnnounced(phase Phase) bool {
	return phase != PhaseGreeting && phase != PhaseEHLO && phase != PhaseHELO
}
