package smtperr

import (
	"fmt"
	"slices"
	"strings"
)

// A pattern is written as words with blanks between:
//
//	relay denied     these words, one after the other
//	a|b              one of several words
//	not_found        several words as one alternative
//	a? b             a may be missing
//	a .. b           at most four words between, within one sentence
//	a ~ b            a .. b or b .. a
//	$no              a set of words that has a name, see sets
//	@list            a mark that the lexer leaves, see marks
//
// A word covers its plural and its forms in -ed and -ing. "may be" and its like
// between or before the words of a pattern is a guess, and matches nothing.
type pattern []place

// place is one position of a pattern.
type place struct {
	starts wordSet  // the first words of the alternatives
	longer [][]word // alternatives of several words
	single wordSet  // alternatives of one word
	gap    bool     // up to maxGap words may come before
}

const maxGap = 4

// wordSet is a set of words, as bits.
type wordSet [16]uint64

func (s *wordSet) add(w word)           { s[w/64] |= 1 << (w % 64) }
func (s *wordSet) contains(w word) bool { return s[w/64]&(1<<(w%64)) != 0 }
func (s *wordSet) meets(o *wordSet) bool {
	for i := range s {
		if s[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

var marks = map[string]word{"@list": hostList, "@domainlist": domainList, "@ip": ipAddress, "@version": versionMark}

// vocabulary has the stem of each word that a pattern uses.
var vocabulary = make(map[string]word)

func intern(text string) word {
	if mark, ok := marks[text]; ok {
		return mark
	}
	key := string(stem([]byte(text)))
	w, ok := vocabulary[key]
	if !ok {
		w = firstRealWord + word(len(vocabulary))
		if int(w) >= len(wordSet{})*64 {
			panic("smtperr: wordSet is too small for the vocabulary")
		}
		vocabulary[key] = w
	}
	return w
}

// variant is one reading of a written pattern as far as it has been read.
type variant struct {
	places pattern
	gap    bool // words may come before the next place
}

// parsePatterns reads one written pattern, which "?" and "~" turn into several.
func parsePatterns(text string) []pattern {
	variants := []variant{{}}
	either := false
	for _, field := range strings.Fields(text) {
		if field == ".." || field == "~" {
			either = field == "~"
			for i := range variants {
				variants[i].gap = true
			}
			continue
		}
		optional := strings.HasSuffix(field, "?")
		here := parsePlace(strings.TrimSuffix(field, "?"))
		var next []variant
		for _, v := range variants {
			here.gap = v.gap
			next = append(next, variant{places: append(slices.Clone(v.places), here)})
			if optional {
				next = append(next, v)
			}
			if either {
				next = append(next, variant{places: swapped(v.places, here)})
			}
		}
		variants, either = next, false
	}
	all := make([]pattern, 0, len(variants))
	for _, v := range variants {
		all = append(all, v.places)
	}
	return all
}

// swapped puts a place before the last one of a pattern.
func swapped(before pattern, here place) pattern {
	last := before[len(before)-1]
	here.gap, last.gap = last.gap, true
	return append(slices.Clone(before[:len(before)-1]), here, last)
}

func parsePlace(text string) place {
	var p place
	for alternative := range strings.SplitSeq(expand(text), "|") {
		var words []word
		for w := range strings.SplitSeq(alternative, "_") {
			words = append(words, intern(w))
		}
		p.starts.add(words[0])
		if len(words) == 1 {
			p.single.add(words[0])
		} else {
			p.longer = append(p.longer, words)
		}
	}
	return p
}

// expand replaces the names of sets.
func expand(text string) string {
	parts := strings.Split(text, "|")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "$"); ok {
			set, known := sets[name]
			if !known {
				panic(fmt.Sprintf("smtperr: no set of words is named %q", name))
			}
			parts[i] = expand(strings.Join(strings.Fields(set), "|"))
		}
	}
	return strings.Join(parts, "|")
}

// matches reports whether the pattern is there, its first place at i.
func (p pattern) matches(text []word, i int) bool {
	if !p[0].starts.contains(text[i]) || isGuess(text, i) {
		return false
	}
	return p.from(text, i)
}

// from matches the places of p, the first of them exactly at i.
func (p pattern) from(text []word, i int) bool {
	here := &p[0]
	if here.single.contains(text[i]) && p[1:].after(text, i+1) {
		return true
	}
	for _, words := range here.longer {
		if end := follows(text, i, words); end > 0 && p[1:].after(text, end) {
			return true
		}
	}
	return false
}

// after matches the places of p in what begins at i.
func (p pattern) after(text []word, i int) bool {
	if len(p) == 0 {
		return true
	}
	here := &p[0]
	for between := 0; i < len(text) && text[i] != sentenceEnd; i++ {
		if here.starts.contains(text[i]) && p.from(text, i) {
			return true
		}
		if text[i].isMark() {
			continue
		}
		between++
		if !here.gap || between > maxGap || isDoubt(text, i) {
			return false
		}
	}
	return false
}

// follows returns where the words end that begin at i, 0 if they are not there.
func follows(text []word, i int, words []word) int {
	for n, w := range words {
		for n > 0 && i < len(text) && text[i].isMark() && text[i] != w {
			i++
		}
		if i == len(text) || text[i] != w {
			return 0
		}
		i++
	}
	return i
}

// isGuess reports whether "may be" or the like comes directly before i.
func isGuess(text []word, i int) bool { return i >= 2 && isDoubt(text, i-2) }

func isDoubt(text []word, i int) bool {
	return i+1 < len(text) && doubts.contains(text[i]) && text[i+1] == wordBe
}

var (
	wordBe = intern("be")
	doubts = wordSetOf("may", "might", "could")
)

func wordSetOf(words ...string) (s wordSet) {
	for _, w := range words {
		s.add(intern(w))
	}
	return s
}
