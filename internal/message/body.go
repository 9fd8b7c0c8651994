package message

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxLine is the maximum length of a line in bytes, without CRLF (RFC 5322 §2.1.1).
const maxLine = 998

const defaultBody = `This message was sent by smtpprobe, which measures whether and how fast a mail
relay accepts mail. Nobody needs to read or answer it, and it can be deleted.

The header field X-Smtpprobe-Id identifies this message.
`

// canonical converts all line ends of a body to CRLF and adds one at the end if
// necessary. It returns the default body if the body is empty.
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

// encoding returns the Content-Transfer-Encoding for a canonical body: 7bit if
// possible, else quoted-printable, so that a probe does not depend on 8BITMIME.
func encoding(body string) string {
	if plain(body) {
		return "7bit"
	}
	return "quoted-printable"
}

// plain reports whether a canonical body is 7bit data (RFC 2045 §2.7).
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
