package mailflow

import (
	"bufio"
	"bytes"
	"errors"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// Limits for reading one message.
const (
	MaxHeader = 64 << 10  // bytes of a header; the rest is ignored
	MaxReport = 256 << 10 // bytes of a delivery status notification

	maxFields = 2000 // lines of one header
	maxField  = 8192 // bytes of one field that is parsed
)

var errHeader = errors.New("not the header of a message")

// readHeader parses the header at the beginning of b. It ignores what exceeds
// MaxHeader.
func readHeader(b []byte) (textproto.Header, error) {
	b = cutHeader(b)
	if bytes.Count(b, []byte("\n")) > maxFields {
		return textproto.Header{}, errHeader
	}
	h, err := textproto.ReadHeader(bufio.NewReaderSize(bytes.NewReader(b), len(b)+16))
	if err != nil {
		return textproto.Header{}, errHeader
	}
	return h, nil
}

// cutHeader returns the header at the beginning of b with an empty line at its end.
// If the header is incomplete, it drops an incomplete last line.
func cutHeader(b []byte) []byte {
	b = b[:min(len(b), MaxHeader)]
	for rest := b; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return append(bytes.Clone(b[:len(b)-len(rest)]), "\r\n"...)
		}
		line := rest[:i]
		rest = rest[i+1:]
		if len(bytes.TrimSuffix(line, []byte("\r"))) == 0 {
			return b[:len(b)-len(rest)]
		}
	}
}

// values returns the values of the first fields with a name, at most limit of them.
func values(h *textproto.Header, name string, limit int) []string {
	var list []string
	for f := h.FieldsByKey(name); len(list) < limit && f.Next(); {
		list = append(list, strings.TrimSpace(bounded(f.Value(), maxField)))
	}
	return list
}

// only returns the value of a field that occurs exactly once, or "".
func only(h *textproto.Header, name string) string {
	if list := values(h, name, 2); len(list) == 1 {
		return list[0]
	}
	return ""
}

// bounded returns at most limit bytes of s.
func bounded(s string, limit int) string {
	if len(s) > limit {
		return s[:limit]
	}
	return s
}

// withoutComments removes the comments of a structured field (RFC 5322 §3.2.2) and
// replaces each quoted string with "_", so that neither can be mistaken for a
// keyword. An unterminated comment extends to the end of the field.
func withoutComments(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (depth > 0 || quoted):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte('_')
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				b.WriteByte(' ')
			}
		case depth > 0:
		case c == '\r', c == '\n', c == '\t':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
