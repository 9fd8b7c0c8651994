package smtperr

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

// maxText bounds how much of a reply's text is read, in bytes.
const maxText = 4 << 10

// Marks are words that stand for a removed part of a reply, or for the end of a
// sentence.
const (
	markIP         = "@ip"         // an IP address
	markVersion    = "@version"    // a number such as 1.2
	markHostList   = "@list"       // a block list of hosts, as in zen.spamhaus.org
	markDomainList = "@domainlist" // a block list of domains, as in dbl.spamhaus.org
	markEnd        = "@end"        // the end of a sentence
)

// isName reports whether a word stands for a removed name or number. It does not
// count as a word between two others.
func isName(word string) bool { return word[0] == '@' && word != markEnd }

// Text that identifies a client, a server or a mailbox does not explain a refusal.
// brackets matches parts in brackets; names matches URLs, mail addresses, dotted
// names and numbers, and IPv6 addresses. names also matches a stray @, which would
// look like a mark.
var (
	brackets = regexp.MustCompile(`<[^>]*>|\[[^\]]*\]`)
	names    = regexp.MustCompile(`[A-Za-z]+://[^\s<>"]*[^\s<>".;)]` +
		`|[^\s<>()"',;:]+@[^\s<>()"',;:]+` +
		`|[\w-]+(?:\.[\w-]+)+(?:/[^\s<>"]*)?` +
		`|[[:xdigit:]]+(?::[[:xdigit:].]*){2,}` +
		`|@`)
)

var (
	dottedName = regexp.MustCompile(`[\w-]+(?:\.[\w-]+)+`)
	apostrophe = strings.NewReplacer("'", "", "’", "") // isn't is read as isnt

	// sentence matches the end of a sentence, even without a blank after it.
	sentence = regexp.MustCompile(`[.!?;](?:\s|$)|([a-z])\.([A-Z])`)

	// joined matches where a new word begins in a name such as SMTPAuthDisabled,
	// but not in TLSv1, in rDNS, or in the plural MTAs.
	joined = regexp.MustCompile(`\B([a-z])([A-Z])|([A-Z])([A-Z][a-z][a-z])`)
)

// wordsOf returns the words of a reply, as stems and marks.
func wordsOf(lines []string) []string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(withoutEnhanced(line))
		b.WriteByte(' ')
		if b.Len() > maxText {
			break
		}
	}
	text := b.String()
	text = apostrophe.Replace(text[:min(len(text), maxText)])
	var words []string
	for text != "" {
		plain, bracket := text, ""
		if strings.ContainsAny(text, "<[") {
			if at := brackets.FindStringIndex(text); at != nil {
				plain, bracket = text[:at[0]], text[at[0]:at[1]]
			}
		}
		for field := range strings.FieldsSeq(plain) {
			words = append(words, wordsIn(field)...)
		}
		words = append(words, strings.Fields(markFor(bracket))...)
		text = text[len(plain)+len(bracket):]
	}
	return words
}

// wordsIn returns the words of a part of a reply without blanks. Most parts are
// plain words, which need none of the regular expressions.
func wordsIn(field string) []string {
	if strings.ContainsAny(field, ".:@!?;") {
		field = names.ReplaceAllStringFunc(field, markFor)
		field = sentence.ReplaceAllString(field, "$1 "+markEnd+" $2")
	}
	if rest := field[1:]; strings.ToLower(rest) != rest {
		field = joined.ReplaceAllString(field, "$1$3 $2$4")
	}
	words := strings.FieldsFunc(strings.ToLower(field), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '@'
	})
	for i, word := range words {
		words[i] = stem(word)
	}
	return words
}

// withoutEnhanced cuts the enhanced code, which many relays repeat on each line.
func withoutEnhanced(line string) string {
	if _, ok := ParseEnhanced(line); !ok {
		return line
	}
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		return line[i:]
	}
	return ""
}

// markFor returns what replaces a match of names: the marks of the names in it, or
// the text itself if it only looks like a name.
func markFor(text string) string {
	if strings.ContainsAny(text, "<[@") || strings.Contains(text, "://") {
		var marks strings.Builder
		for _, name := range dottedName.FindAllString(text, -1) {
			mark, _ := markOf(name)
			marks.WriteString(" " + mark)
		}
		return marks.String() + " "
	}
	if _, err := netip.ParseAddr(text); err == nil {
		return " " + markIP + " "
	}
	name, _, _ := strings.Cut(text, "/")
	if mark, ok := markOf(name); ok {
		return " " + mark + " "
	}
	return text
}

// markOf returns the mark of a dotted name or number, empty if it has none. It
// returns false if the text is neither, but for example the name of an exception.
func markOf(name string) (string, bool) {
	labels := strings.Split(strings.ToLower(name), ".")
	if isNumber := !strings.ContainsFunc(name, func(r rune) bool { return r != '.' && !unicode.IsDigit(r) }); isNumber {
		return map[int]string{2: markVersion, 4: markIP}[len(labels)], true
	}
	if !topLevel.MatchString(name) {
		return "", false
	}
	mark := ""
	for _, label := range labels {
		switch {
		case domainLists[label]:
			return markDomainList, true
		case hostLists[label]:
			mark = markHostList
		}
	}
	return mark, true
}

// topLevel matches a name that ends like a host name.
var topLevel = regexp.MustCompile(`\.(?:[a-z][\w-]+|[A-Z]{2}[\w-]*)$`)

// hostLists and domainLists are the labels by which block lists are known in host
// names.
var (
	hostLists = setOf(`spamhaus zen sbl xbl pbl spamcop barracudacentral sorbs uceprotect dnsbl rbl bl abuseat psbl
		mailspike invaluement manitu spamrats senderscore senderbase cloudmark barracudanetworks barracuda blocklist
		blacklist hostkarma spfbl nixspam backscatterer truncate gbudb ipcheck`)
	domainLists = setOf("dbl surbl uribl rhsbl ivmuri")
)

func setOf(words string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// stem cuts the endings of the plural and of -ed and -ing, so that one pattern
// covers a word's forms: relay, relays, relayed, relaying. Patterns and replies go
// through the same function, so a stem need not be a word.
func stem(word string) string {
	if n := len(word); n >= 4 && word[n-1] == 's' && !strings.ContainsAny(word[n-2:n-1], "sui") {
		word = word[:n-1]
	}
	if s, ok := strings.CutSuffix(word, "ed"); ok && len(s) >= 4 && s[len(s)-1] != 'e' {
		word = undoubled(s)
	} else if s, ok := strings.CutSuffix(word, "ing"); ok && len(s) >= 4 {
		word = undoubled(s)
	}
	if s, ok := strings.CutSuffix(word, "e"); ok && len(s) >= 4 {
		return s
	}
	if s, ok := strings.CutSuffix(word, "y"); ok && len(s) >= 3 {
		return s + "i"
	}
	return word
}

// undoubled turns bann into ban, and leaves pass and install.
func undoubled(word string) string {
	n := len(word)
	if n >= 3 && word[n-1] == word[n-2] && word[n-1] != 'l' && word[n-1] != 's' {
		return word[:n-1]
	}
	return word
}
