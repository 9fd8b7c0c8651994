package mailbox

import (
	"errors"
	"slices"
	"strings"
)

// Limits on the responses of one session. One scan of a mailbox reads at most
// 160 MiB of headers and delivery status notifications.
const (
	maxSession = 256 << 20 // bytes in all
	maxSyntax  = 16 << 20  // bytes outside literals: enough for the UIDs of two million messages
	maxLiteral = 32 << 20  // bytes of one literal; a server may return more than the part that was fetched
	maxNesting = 100       // open parentheses; no response to our commands has more than three
)

var (
	errTooMuchData = errors.New("the server sent too much data")
	errTooNested   = errors.New("the server sent too deeply nested parentheses")
	errResponse    = errors.New("the server sent a malformed response")
)

// responseScanner checks a stream of IMAP responses (RFC 9051 §9) against limits.
// The IMAP library has no such limits: it parses a body structure recursively,
// even one that was not fetched, and a stack overflow would end the process.
//
// The scanner parses only as much as it needs to skip literals, quoted strings
// and human-readable text.
type responseScanner struct {
	total, syntax int64
	literal       int64 // remaining bytes of the current literal
	response      responseState
}

// responseState is the state within one response.
type responseState struct {
	mode    scanMode
	words   int    // complete words
	word    []byte // the beginning of the current word
	quoted  bool
	escaped bool
	depth   int // open parentheses
	size    literalSize
}

// scanMode is the part of a response that is scanned.
type scanMode uint8

const (
	scanData      scanMode = iota
	scanTextStart          // after OK, NO, BAD, BYE or PREAUTH
	scanCode               // a response code in brackets
	scanText
)

// statusResponses are the responses that consist of human-readable text.
var statusResponses = []string{"OK", "NO", "BAD", "BYE", "PREAUTH"}

// scan returns an error if the next bytes of the stream exceed a limit.
func (s *responseScanner) scan(p []byte) error {
	if s.total += int64(len(p)); s.total > maxSession {
		return errTooMuchData
	}
	for len(p) > 0 {
		if s.literal > 0 {
			n := min(int64(len(p)), s.literal)
			s.literal -= n
			p = p[n:]
			continue
		}
		if s.syntax++; s.syntax > maxSyntax {
			return errTooMuchData
		}
		if err := s.next(p[0]); err != nil {
			return err
		}
		p = p[1:]
	}
	return nil
}

// next scans one byte outside a literal.
func (s *responseScanner) next(c byte) error {
	r := &s.response
	switch {
	case r.quoted: // the library lets a quoted string contain a line end
		r.quoted = r.escaped || c != '"'
		r.escaped = !r.escaped && c == '\\'
		return nil
	case c == '\n':
		return s.endLine()
	case r.mode != scanData:
		r.mode = r.mode.next(c)
		return nil
	}
	return r.data(c)
}

// endLine ends the response, unless its line announces a literal.
func (s *responseScanner) endLine() error {
	if s.response.mode == scanCode {
		return errResponse // the library would skip the following lines, too
	}
	if size, ok := s.response.size.announced(); ok && s.response.mode == scanData {
		if size > maxLiteral {
			return errTooMuchData
		}
		s.literal, s.response.size = size, literalSize{}
		return nil
	}
	s.response = responseState{word: s.response.word[:0]}
	return nil
}

// next returns the mode after the byte c of a text.
func (m scanMode) next(c byte) scanMode {
	switch {
	case m == scanTextStart && c == '[':
		return scanCode
	case m == scanTextStart, m == scanCode && c == ']':
		return scanText
	}
	return m
}

func (r *responseState) data(c byte) error {
	switch {
	case c == ' ' || c == '\r':
		if r.words == 1 && slices.Contains(statusResponses, strings.ToUpper(string(r.word))) {
			r.mode = scanTextStart
		}
		r.words++
		r.word = r.word[:0]
	case c == '+' && r.words == 0 && len(r.word) == 0: // a continuation request
		r.mode = scanText
	case len(r.word) <= len("PREAUTH"):
		r.word = append(r.word, c)
	}
	r.size.next(c)
	switch c {
	case '"':
		r.quoted = true
	case '(':
		r.depth++
	case ')':
		r.depth = max(0, r.depth-1)
	}
	if r.depth > maxNesting {
		return errTooNested
	}
	return nil
}

// literalSize reads the announcement of a literal, {SIZE}, at the end of a line.
type literalSize struct {
	open, closed bool
	size         int64
}

func (l *literalSize) next(c byte) {
	switch {
	case c == '{':
		*l = literalSize{open: true}
	case l.open && '0' <= c && c <= '9':
		l.size = min(l.size*10+int64(c-'0'), maxSession)
	case l.open && c == '}':
		l.open, l.closed = false, true
	case l.closed && (c == ' ' || c == '\r'): // the library accepts a space
	default:
		*l = literalSize{}
	}
}

// announced returns the size of the literal that begins on the next line.
func (l *literalSize) announced() (size int64, ok bool) { return l.size, l.closed }
