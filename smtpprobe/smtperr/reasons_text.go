package smtperr

// textReason is the reason that a reply's words give, where they may: the text
// never decides class or permanence (RFC 5321 §4.2).
func textReason(phase Phase, r *Reply) Reason {
	relaying := phase == PhaseRcpt && (r.Code/10 == 55 || r.Code == 454)
	greylisting := phase == PhaseRcpt && r.Code/100 == 4
	limiting := r.Code == 421 || r.Code/10 == 45
	if !relaying && !greylisting && !limiting {
		return ""
	}
	for _, line := range r.Lines {
		switch {
		case relaying && deniesRelaying(line):
			return ReasonRelayDenied
		case greylisting && (indexFold(line, "greylist") >= 0 || indexFold(line, "graylist") >= 0):
			return ReasonGreylisted
		case limiting && (phrase(line, "too many connections") >= 0 || phrase(line, "rate limit") >= 0):
			return ReasonRateLimited
		}
	}
	return ""
}

var denials = [...]string{"denied", "not permitted", "not allowed", "prohibited"}

// deniesRelaying finds "relay" or "relaying" and after it a denial, or "unable
// to relay".
func deniesRelaying(line string) bool {
	at := indexFold(line, "relay")
	if at < 0 {
		return false
	}
	if phrase(line, "unable to relay") >= 0 {
		return true
	}
	if at = first(phrase(line, "relay"), phrase(line, "relaying")); at < 0 {
		return false
	}
	for _, denial := range denials {
		if phrase(line[at:], denial) >= 0 {
			return true
		}
	}
	return false
}

// first is the smaller index of two, -1 if there is none.
func first(a, b int) int {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// phrase finds whole words in any case, -1 if they are not there.
func phrase(line, words string) int {
	for from := 0; ; {
		i := indexFold(line[from:], words)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(words)
		if (i == 0 || !inWord(line[i-1])) && (end == len(line) || !inWord(line[end])) {
			return i
		}
		from = i + 1
	}
}

func inWord(c byte) bool {
	return 'a' <= lower(c) && lower(c) <= 'z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}

// indexFold is strings.Index of ASCII in any case; what is looked for is in
// lower case and begins with a letter.
func indexFold(s, sub string) int {
	const upperToLower = 'a' - 'A' // a bit; what else it turns into a letter, equalFold knows
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|upperToLower == sub[0] && equalFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func equalFold(s, sub string) bool {
	for i := range len(sub) {
		if lower(s[i]) != sub[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
