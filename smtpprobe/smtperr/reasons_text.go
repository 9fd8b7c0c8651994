package smtperr

import "strings"

// textReason is the reason that a reply's words give, where they may (the
// text never decides class or permanence, RFC 5321 §4.2).
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
		case greylisting && (containsFold(line, "greylist") || containsFold(line, "graylist")):
			return ReasonGreylisted
		case limiting && (phrase(line, "too many connections") >= 0 || phrase(line, "rate limit") >= 0):
			return ReasonRateLimited
		}
	}
	return ""
}

var denials = []string{"denied", "not permitted", "not allowed", "prohibited"}

// deniesRelaying finds "relay" or "relaying" and after it a denial, or "unable
// to relay".
func deniesRelaying(line string) bool {
	if phrase(line, "unable to relay") >= 0 {
		return true
	}
	for _, word := range []string{"relay", "relaying"} {
		at := phrase(line, word)
		if at < 0 {
			continue
		}
		for _, denial := range denials {
			if phrase(line[at:], denial) >= 0 {
				return true
			}
		}
	}
	return false
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
		if (i == 0 || !isWord(line[i-1])) && (end == len(line) || !isWord(line[end])) {
			return i
		}
		from = i + 1
	}
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}

func containsFold(s, sub string) bool { return indexFold(s, sub) >= 0 }

// indexFold is strings.Index for ASCII in any case, without a copy.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
