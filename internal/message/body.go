package message

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line, in bytes, without its CRLF (RFC 5322 §2.1.1).
const maxLine = 998

const defaultBody = `This message was sent by smtpprobe, which measures whether and how fast a mail
relay accepts mail. Nobody needs to read or answer it, and it can be deleted.

The header field X-Smtpprobe-Id identifies this message.
`

// canonical is a body with CRLF as its only and its last line end, whatever
// line ends it was written with.
func canonical(body string) (string, error) {
	if body == "" {
		body = defaultBody
	}
	if !utf8.ValidString(body) {
		return "", errors.New("the body is not UTF-8")
	}
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
	if !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return strings.ReplaceAll(body, "\n", "\r\n"), nil
}

// encoding is the Content-Transfer-Encoding of a canonical body. Text that every
// relay can carry stays as it is; all other is made 7-bit, so that a probe
// never depends on 8BITMIME.
func encoding(body string) string {
	if plain(body) {
		return "7bit"
	}
	return "quoted-printable"
}

// plain reports whether a canonical body is 7-bit text by RFC 2045 §2.7.
func plain(body string) bool {
	for line := range strings.SplitSeq(body, "\r\n") {
		if len(line) > maxLine {
			return false
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f }) {
			return false
		}
	}
	return true
}
