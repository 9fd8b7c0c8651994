package smtperr

import "strconv"

// EnhancedCode is an enhanced mail system status code (RFC 3463). The zero
// value is none.
type EnhancedCode struct{ Class, Subject, Detail int }

// IsZero tells that there is none.
func (e EnhancedCode) IsZero() bool { return e == EnhancedCode{} }

// String is like "5.7.8", empty for none.
func (e EnhancedCode) String() string {
	if e.IsZero() {
		return ""
	}
	return strconv.Itoa(e.Class) + "." + strconv.Itoa(e.Subject) + "." + strconv.Itoa(e.Detail)
}

// ParseEnhanced reads the enhanced code that a reply's text begins with: class
// 2, 4 or 5, subject and detail of one to three digits, then a space or the end
// (RFC 2034 §4, RFC 3463 §2).
func ParseEnhanced(text string) (EnhancedCode, bool) {
	if len(text) < len("2.0.0") || text[1] != '.' || text[0] != '2' && text[0] != '4' && text[0] != '5' {
		return EnhancedCode{}, false
	}
	subject, rest, ok := number(text[2:])
	if !ok || rest == "" || rest[0] != '.' {
		return EnhancedCode{}, false
	}
	detail, rest, ok := number(rest[1:])
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return EnhancedCode{}, false
	}
	return EnhancedCode{int(text[0] - '0'), subject, detail}, true
}

// number reads one to three digits.
func number(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		n = 10*n + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= 1 && i <= 3
}
