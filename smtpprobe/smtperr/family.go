package smtperr

import (
	"slices"
	"sync"
)

// family is a kind of wording. It gives its reason where one of its patterns is in
// a reply and none of unless is.
type family struct {
	reason Reason
	phases []Phase   // all if nil
	codes  codeRange // any if zero
	words  string    // patterns, one a line
	unless string    // patterns, one a line
}

var (
	temporaryReply = codeRange{400, 499}
	permanentReply = codeRange{500, 599}
)

// families are in order of precedence: where several match, the first one wins.
var (
	families = sync.OnceValue(func() *familyIndex {
		return newFamilyIndex(slices.Concat(limitFamilies, accessFamilies, accountFamilies,
			senderFamilies, sessionFamilies, messageFamilies, systemFamilies))
	})
	hints = sync.OnceValue(func() *familyIndex { return newFamilyIndex(hintFamilies) })
)

// familyIndex finds the families of a reply.
type familyIndex struct {
	families []family
	unless   [][]pattern            // by family
	byWord   map[string][]candidate // by the first word of the pattern, in order of precedence
}

// candidate is a pattern of a family.
type candidate struct {
	family  int
	pattern pattern
}

func newFamilyIndex(families []family) *familyIndex {
	x := &familyIndex{families: families, byWord: make(map[string][]candidate)}
	for i, f := range families {
		for _, p := range parsePatterns(f.words) {
			for word := range p[0].words {
				x.byWord[word] = append(x.byWord[word], candidate{i, p})
			}
		}
		x.unless = append(x.unless, parsePatterns(f.unless))
	}
	return x
}

// reason returns the reason that the words of a reply give, empty if no family
// matches.
func (x *familyIndex) reason(phase Phase, code int, words []string) Reason {
	first := len(x.families)
	for i, word := range words {
		if i >= 2 && isGuess(words[i-2:]) {
			continue
		}
		for _, c := range x.byWord[word] {
			if c.family >= first {
				break
			}
			if x.families[c.family].covers(phase, code) && c.pattern.matches(words[i:]) && !x.excluded(c.family, words) {
				first = c.family
			}
		}
	}
	if first == len(x.families) {
		return ""
	}
	return x.families[first].reason
}

// excluded reports whether the reply has words that speak against a family.
func (x *familyIndex) excluded(family int, words []string) bool {
	return slices.ContainsFunc(x.unless[family], func(p pattern) bool {
		for i := range words {
			if p.matches(words[i:]) {
				return true
			}
		}
		return false
	})
}

// covers reports whether the family counts for a reply code in a phase.
func (f *family) covers(phase Phase, code int) bool {
	return (f.phases == nil || slices.Contains(f.phases, phase)) && (f.codes == codeRange{} || f.codes.contains(code))
}

// The phases in which families count.
var (
	greetingOnly   = []Phase{PhaseGreeting}
	ehloOnly       = []Phase{PhaseEHLO, PhaseHELO}
	starttlsOnly   = []Phase{PhaseSTARTTLS}
	authOnly       = []Phase{PhaseAuth}
	mailOnly       = []Phase{PhaseMail}
	rcptOnly       = []Phase{PhaseRcpt}
	dataToDot      = []Phase{PhaseData, PhaseBody, PhaseDot}
	mailAndRcpt    = []Phase{PhaseMail, PhaseRcpt}
	mailAndData    = slices.Concat(mailOnly, dataToDot)
	rcptToDot      = slices.Concat(rcptOnly, dataToDot)
	mailToDot      = slices.Concat(mailOnly, rcptToDot)
	authAndMail    = slices.Concat(authOnly, mailAndData)
	authToDot      = slices.Concat(authOnly, mailToDot)
	ehloToDot      = slices.Concat(ehloOnly, starttlsOnly, authToDot)
	greetingToDot  = slices.Concat(greetingOnly, ehloToDot)
	greetingToRcpt = slices.Concat(greetingOnly, ehloOnly, starttlsOnly, authOnly, mailAndRcpt)
	allButSTARTTLS = slices.Concat(ehloOnly, authToDot)
	allButAuth     = slices.Concat(greetingOnly, ehloOnly, starttlsOnly, mailToDot)
)
