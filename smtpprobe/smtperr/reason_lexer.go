package smtperr

import "net/netip"

// maxWords bounds what is read of a reply: the bytes of its text.
const maxWords = 4 << 10

// word is one word of a reply: an index into the vocabulary, or one of the
// marks below.
type word uint16

const (
	unknownWord word = iota // a word that no pattern uses
	sentenceEnd             // a full stop, question mark, exclamation mark or semicolon
	hostList                // the name of a block list of hosts, as in zen.spamhaus.org
	domainList              // the name of a block list of domains, as in dbl.spamhaus.org
	ipAddress               // an IP address
	versionMark             // a number such as 1.2
	firstRealWord
)

// isMark reports whether a word is what remains of a part that was taken out. It
// does not count as a word between two others.
func (w word) isMark() bool { return w >= hostList && w < firstRealWord }

// blockLists has the labels by which block lists are known in host names.
var blockLists = map[string]word{
	"spamhaus": hostList, "zen": hostList, "sbl": hostList, "xbl": hostList, "pbl": hostList, "spamcop": hostList,
	"barracudacentral": hostList, "sorbs": hostList, "uceprotect": hostList, "dnsbl": hostList, "rbl": hostList,
	"bl": hostList, "abuseat": hostList, "psbl": hostList, "mailspike": hostList, "invaluement": hostList,
	"manitu": hostList, "spamrats": hostList, "senderscore": hostList, "senderbase": hostList, "cloudmark": hostList,
	"barracudanetworks": hostList, "barracuda": hostList, "blocklist": hostList, "blacklist": hostList, "hostkarma": hostList,
	"spfbl": hostList, "nixspam": hostList, "backscatterer": hostList, "truncate": hostList, "gbudb": hostList,
	"ipcheck": hostList,
	"dbl":     domainList, "surbl": domainList, "uribl": domainList, "rhsbl": domainList, "ivmuri": domainList,
}

// lexer splits the text of a reply into words. Mail addresses, URLs, parts in
// brackets and dotted host names are taken out: they name somebody, not the
// matter. Of host names only the names of block lists remain, as marks.
type lexer struct {
	words  []word
	buffer [40]byte // the word at hand, in lower case
}

// read appends the words of a reply's lines, joined by a blank.
func (l *lexer) read(lines []string) {
	left := maxWords
	for _, line := range lines {
		if len(line) > left {
			line = line[:left]
		}
		left -= len(line)
		l.line(withoutCode(line))
		if left == 0 {
			return
		}
	}
}

// withoutCode cuts the enhanced code, which many relays repeat on every line.
func withoutCode(line string) string {
	if _, ok := ParseEnhanced(line); !ok {
		return line
	}
	for i := range len(line) {
		if line[i] == ' ' || line[i] == '\t' {
			return line[i:]
		}
	}
	return ""
}

func (l *lexer) line(s string) {
	noAngle, noSquare := false, false // no closing bracket follows: keeps the search linear
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '<' && !noAngle:
			if end := indexByteFrom(s, i, '>'); end > 0 {
				l.taken(s[i+1 : end])
				i = end + 1
			} else {
				noAngle = true
				i++
			}
		case c == '[' && !noSquare:
			if end := indexByteFrom(s, i, ']'); end > 0 {
				l.taken(s[i+1 : end])
				i = end + 1
			} else {
				noSquare = true
				i++
			}
		case c == '.' || c == '!' || c == '?' || c == ';':
			if i+1 == len(s) || isBlank(s[i+1]) {
				l.words = append(l.words, sentenceEnd)
			}
			i++
		case inToken(c):
			i = l.token(s, i)
		default:
			i++
		}
	}
}

// token reads the run of characters that begins at i and returns where it ends.
func (l *lexer) token(s string, i int) int {
	end, at, colons := i, -1, 0
	for end < len(s) && (inToken(s[end]) || joins(s, end)) {
		switch s[end] {
		case '@':
			at = end
		case ':':
			colons++
			if end+2 < len(s) && s[end+1] == '/' && s[end+2] == '/' {
				return l.url(s, i, end)
			}
		}
		end++
	}
	text := s[i:end]
	switch {
	case at > i && at+1 < end: // a mail address
		l.taken(text)
		return end
	case colons > 1 && isIP(text):
		l.words = append(l.words, ipAddress)
		return end
	}
	l.pieces(text)
	return end
}

// url takes out what begins with a scheme that ends at colon.
func (l *lexer) url(s string, i, colon int) int {
	scheme := colon
	for scheme > i && isLetter(s[scheme-1]) {
		scheme--
	}
	l.pieces(s[i:scheme])
	end := colon
	for end < len(s) && !isBlank(s[end]) && s[end] != '>' && s[end] != '<' && s[end] != '"' {
		end++
	}
	l.taken(s[colon:end])
	for end > colon && (s[end-1] == '.' || s[end-1] == ';' || s[end-1] == ')') { // the sentence's
		end--
	}
	return end
}

// pieces splits a run at colons, equal signs and slashes.
func (l *lexer) pieces(text string) {
	for text != "" {
		i := 0
		for i < len(text) && text[i] != ':' && text[i] != '=' && text[i] != '/' && text[i] != '@' && text[i] != '&' {
			i++
		}
		l.piece(text[:i])
		if i == len(text) {
			return
		}
		if text[i] == '/' && isHostName(text[:i]) { // the path of a URL without a scheme
			return
		}
		text = text[i+1:]
	}
}

func (l *lexer) piece(text string) {
	switch dots, numbers := dotted(text); {
	case dots == 0:
		l.compound(text)
	case numbers && dots == 1:
		l.words = append(l.words, versionMark)
	case numbers && dots == 3:
		l.words = append(l.words, ipAddress)
	case isHostName(text):
		l.taken(text)
	case numbers:
	default:
		l.compound(text)
	}
}

// taken looks for what remains of a part that was taken out.
func (l *lexer) taken(text string) {
	for i := 0; i < len(text); {
		if !inLabel(text[i]) {
			i++
			continue
		}
		end := i
		for end < len(text) && (inLabel(text[end]) || text[end] == '.' && end+1 < len(text) && inLabel(text[end+1])) {
			end++
		}
		l.labels(text[i:end])
		i = end
	}
}

// labels looks at one name: an IP address, or a host name with the label of a
// block list.
func (l *lexer) labels(name string) {
	dots, numbers := dotted(name)
	if numbers {
		if dots == 3 {
			l.words = append(l.words, ipAddress)
		}
		return
	}
	if dots == 0 {
		return
	}
	mark := unknownWord
	for rest := name; rest != ""; {
		i := 0
		for i < len(rest) && rest[i] != '.' {
			i++
		}
		switch found := l.listName(rest[:i]); {
		case found == domainList:
			mark = domainList
		case found == hostList && mark == unknownWord:
			mark = hostList
		}
		rest = rest[min(i+1, len(rest)):]
	}
	if mark != unknownWord {
		l.words = append(l.words, mark)
	}
}

func (l *lexer) listName(label string) word {
	if len(label) > len(l.buffer) {
		return unknownWord
	}
	return blockLists[string(l.lower(label))]
}

func (l *lexer) lower(s string) []byte {
	for i := range len(s) {
		l.buffer[i] = lower(s[i])
	}
	return l.buffer[:len(s)]
}

// compound splits at what is no part of a word, then at changes of case.
func (l *lexer) compound(text string) {
	for i := 0; i < len(text); {
		if !inWord(text[i]) {
			if i+1 < len(text) && text[i] == '.' && isUpper(text[i+1]) && i > 0 && isLower(text[i-1]) {
				l.words = append(l.words, sentenceEnd) // a full stop without a blank after it
			}
			i++
			continue
		}
		end, changes := i, false
		for end < len(text) && (inWord(text[end]) || isApostrophe(text, end)) {
			changes = changes || end > i && caseChanges(text, end)
			end++
		}
		if changes && l.find(text[i:end]) == unknownWord {
			l.camel(text[i:end])
		} else {
			l.words = append(l.words, l.find(text[i:end]))
		}
		i = end
	}
}

func (l *lexer) camel(text string) {
	start := 0
	for i := 1; i <= len(text); i++ {
		if i == len(text) || caseChanges(text, i) {
			l.words = append(l.words, l.find(text[start:i]))
			start = i
		}
	}
}

// find looks a word up by its stem. Apostrophes do not count: "isn't" is isnt.
func (l *lexer) find(s string) word {
	if len(s) > len(l.buffer) {
		return unknownWord
	}
	n := 0
	for i := range len(s) {
		if s[i] != '\'' {
			l.buffer[n] = lower(s[i])
			n++
		}
	}
	return vocabulary[string(stem(l.buffer[:n]))]
}

// dotted counts the dots of a name, and reports whether all of its labels are
// numbers.
func dotted(s string) (dots int, numbers bool) {
	numbers = true
	for i := range len(s) {
		switch {
		case s[i] == '.':
			dots++
		case !isDigit(s[i]):
			numbers = false
		}
	}
	return dots, numbers && dots > 0
}

// isHostName reports whether a dotted text is one: its labels do not change case
// as the names of exceptions do, and the last one looks like a top-level domain.
func isHostName(s string) bool {
	last, first := 0, true
	for i := range len(s) {
		switch {
		case s[i] == '.':
			last, first = i+1, false
		case i > last && caseChanges(s, i):
			return false
		}
	}
	top := s[last:]
	if first || len(top) < 2 {
		return false
	}
	return isLower(top[0]) || isUpper(top[0]) && isUpper(top[1])
}

// caseChanges reports whether a new word begins at i: after a small letter, or
// before the last capital of several (SMTPAuth). The v of TLSv1 and the plural
// of an abbreviation (MTAs) begin none.
func caseChanges(s string, i int) bool {
	switch {
	case !isUpper(s[i]):
		return false
	case isLower(s[i-1]):
		return true
	}
	return isUpper(s[i-1]) && i+2 < len(s) && isLower(s[i+1]) && isLower(s[i+2])
}

func isIP(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

func indexByteFrom(s string, i int, c byte) int {
	for ; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// inToken reports whether a character belongs to a word, a mail address, a host
// name or a URL.
func inToken(c byte) bool {
	switch c {
	case '-', '_', '+', '=', '/', '%', '&', '#', '~', '$', '*', '@', '\'':
		return true
	}
	return inWord(c)
}

// joins reports whether a dot or a colon at i stands within a token.
func joins(s string, i int) bool {
	return (s[i] == '.' || s[i] == ':') && i > 0 && i+1 < len(s) && (inToken(s[i+1]) || s[i] == ':' && s[i+1] == ':') && (inToken(s[i-1]) || s[i-1] == ':')
}

func inLabel(c byte) bool { return inWord(c) || c == '-' || c == '_' }

// inWord reports whether a character is one of a word. What is not ASCII is: it
// may be a letter of another alphabet.
func inWord(c byte) bool { return isLetter(c) || isDigit(c) || c >= 0x80 }

func isApostrophe(s string, i int) bool {
	return s[i] == '\'' && i+1 < len(s) && isLetter(s[i+1])
}

func isBlank(c byte) bool  { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isLetter(c byte) bool { return isUpper(c) || isLower(c) }

func lower(c byte) byte {
	if isUpper(c) {
		c += 'a' - 'A'
	}
	return c
}
