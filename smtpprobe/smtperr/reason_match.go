package smtperr

import "slices"

// familySet is a set of families, as bits.
type familySet [2]uint64

func (s *familySet) add(i int)           { s[i/64] |= 1 << (i % 64) }
func (s *familySet) contains(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

// candidate is a pattern that may begin with a word.
type candidate struct {
	family  int
	pattern pattern
}

// wordIndex is the table of families, made ready to be looked up word by word.
type wordIndex struct {
	byWord [][]candidate // by word, in order of precedence
	unless [][]pattern   // by family
	phase  [32]familySet // the families that count in a phase
	table  []family
}

var (
	index     = newWordIndex(families)
	hintIndex = newWordIndex(hints)
)

func newWordIndex(table []family) *wordIndex {
	if len(table) > len(familySet{})*64 {
		panic("smtperr: familySet is too small for the families")
	}
	x := &wordIndex{table: table, unless: make([][]pattern, len(table))}
	x.byWord = make([][]candidate, len(wordSet{})*64)
	for i, f := range table {
		for bit := range x.phase {
			if f.phases&(1<<bit) != 0 {
				x.phase[bit].add(i)
			}
		}
		for _, line := range lines(f.words) {
			for _, p := range parsePatterns(line) {
				x.add(i, p)
			}
		}
		for _, line := range lines(f.unless) {
			x.unless[i] = append(x.unless[i], parsePatterns(line)...)
		}
	}
	return x
}

func (x *wordIndex) add(family int, p pattern) {
	for w := range x.byWord {
		if p[0].starts.contains(word(w)) {
			x.byWord[w] = append(x.byWord[w], candidate{family, p})
		}
	}
}

// reason is the reason that a reply's words give in a phase, none if they name no
// matter that is known.
func (x *wordIndex) reason(phase Phase, code int, text []word) Reason {
	var present wordSet
	for _, w := range text {
		present.add(w)
	}
	possible := x.phase[phase.index()]
	best := len(x.table)
	for i, w := range text {
		if w == unknownWord {
			continue
		}
		for _, c := range x.byWord[w] {
			if c.family >= best {
				break
			}
			if !possible.contains(c.family) || !c.pattern.possible(&present) || !x.table[c.family].codes(code) || !c.pattern.matches(text, i) {
				continue
			}
			if x.excluded(c.family, text, &present) {
				possible[c.family/64] &^= 1 << (c.family % 64)
				continue
			}
			best = c.family
		}
	}
	if best == len(x.table) {
		return ""
	}
	return x.table[best].reason
}

// excluded reports whether the reply has words that speak against a family.
func (x *wordIndex) excluded(family int, text []word, present *wordSet) bool {
	for _, p := range x.unless[family] {
		if !p.possible(present) {
			continue
		}
		for i := range text {
			if p[0].starts.contains(text[i]) && p.from(text, i) {
				return true
			}
		}
	}
	return false
}

// possible reports whether each place of a pattern has one of its words somewhere.
func (p pattern) possible(present *wordSet) bool {
	for i := range p {
		if !p[i].starts.meets(present) {
			return false
		}
	}
	return true
}

// mentions reports whether a text has one of these words.
func mentions(text []word, words *wordSet) bool { return slices.ContainsFunc(text, words.contains) }

var tlsNames = wordSetOf("starttls", "tls", "ssl")
