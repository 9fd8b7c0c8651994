package smtperr

import (
	"fmt"
	"slices"
	"strings"
)

// A pattern matches words of a reply. It is written as words with blanks between:
//
//	relay denied     these words, one after the other
//	a|b              one of several words
//	not_found        several words as one alternative
//	a? b             a may be missing
//	a .. b           at most four words between, within one sentence
//	a ~ b            a .. b or b .. a
//	$no              a set of words that has a name, see wordSets
//	@list            a mark, see words.go
//
// A word covers its plural and its forms in -ed and -ing. "may be" and its like
// between or before the words of a pattern is a guess, and matches nothing.
type pattern []place

// place is one position of a pattern.
type place struct {
	words map[string][][]string // the rest of each alternative, by its first word
	gap   bool                  // up to maxGap words may come before
}

const maxGap = 4

// matches reports whether the pattern begins with the first word of text.
func (p pattern) matches(text []string) bool {
	if len(p) == 0 {
		return true
	}
	for _, rest := range p[0].words[text[0]] {
		if after, ok := cutWords(text[1:], rest); ok && p[1:].follows(after) {
			return true
		}
	}
	return false
}

// follows reports whether the pattern begins in text as soon as its gap allows.
func (p pattern) follows(text []string) bool {
	if len(p) == 0 {
		return true
	}
	between := 0
	for i, word := range text {
		switch {
		case word == markEnd:
			return false
		case p.matches(text[i:]):
			return true
		case isName(word):
			continue
		}
		between++
		if !p[0].gap || between > maxGap || isGuess(text[i:]) {
			return false
		}
	}
	return false
}

// cutWords cuts words from the beginning of text; names between them do not count.
func cutWords(text, words []string) ([]string, bool) {
	for _, word := range words {
		for len(text) > 0 && isName(text[0]) && text[0] != word {
			text = text[1:]
		}
		if len(text) == 0 || text[0] != word {
			return nil, false
		}
		text = text[1:]
	}
	return text, true
}

// isGuess reports whether text begins with "may be" or the like.
func isGuess(text []string) bool {
	if len(text) < 2 || text[1] != "be" {
		return false
	}
	switch text[0] {
	case "may", "might", "could":
		return true
	}
	return false
}

// parsePatterns parses lines of patterns. One line gives several if it has a "?" or
// a "~".
func parsePatterns(text string) []pattern {
	var all []pattern
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, parsePattern(line)...)
		}
	}
	return all
}

func parsePattern(line string) []pattern {
	variants := []pattern{nil}
	gap, swap := false, false
	for field := range strings.FieldsSeq(line) {
		if field == ".." || field == "~" {
			gap, swap = true, field == "~"
			continue
		}
		name, optional := strings.CutSuffix(field, "?")
		next := place{words: parseWords(name), gap: gap}
		var longer []pattern
		for _, v := range variants {
			longer = append(longer, append(slices.Clone(v), next))
			if swap {
				longer = append(longer, swapped(v, next))
			}
			if optional {
				longer = append(longer, v)
			}
		}
		variants, swap = longer, false
		gap = gap && optional
	}
	return variants
}

// swapped puts next before the last place of a pattern.
func swapped(p pattern, next place) pattern {
	last := p[len(p)-1]
	next.gap, last.gap = last.gap, true
	return append(slices.Clone(p[:len(p)-1]), next, last)
}

// parseWords parses the alternatives of one place.
func parseWords(text string) map[string][][]string {
	words := make(map[string][][]string)
	for alternative := range strings.SplitSeq(expand(text), "|") {
		parts := strings.Split(alternative, "_")
		for i := range parts {
			parts[i] = stem(parts[i])
		}
		words[parts[0]] = append(words[parts[0]], parts[1:])
	}
	return words
}

// expand replaces the names of word sets.
func expand(text string) string {
	parts := strings.Split(text, "|")
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "$"); ok {
			set, known := wordSets[name]
			if !known {
				panic(fmt.Sprintf("smtperr: no set of words is named %q", name))
			}
			parts[i] = expand(strings.Join(strings.Fields(set), "|"))
		}
	}
	return strings.Join(parts, "|")
}
