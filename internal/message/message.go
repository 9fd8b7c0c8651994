// Package message builds the test message that a probe sends. The message conforms
// to RFC 5322 and MIME, identifies itself as a test in its subject and header, and
// can have an exact size. No option can inject header fields or SMTP commands.
//
// The package also parses mail addresses; see [ParseAddress] and [ParseSender].
package message

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
)

// Options are the options of a message.
type Options struct {
	Envelope
	Content
}

// Envelope is the envelope of a message.
type Envelope struct {
	From string   // sender, see ParseSender; empty: the null sender
	To   []string // recipients, see ParseAddress
	Helo string   // the prober's host name: the author's domain if the sender is null
}

// Content is the content of a message. The zero value has a default subject and
// body.
type Content struct {
	Subject string   // empty: a default
	Body    string   // empty: a default
	Headers []Header // additional header fields
	Size    int      // pad the message to this size in bytes (RFC 1870); 0: no padding
	Relay   string   // the value of X-Smtpprobe-Relay; empty: no such field
	ID      string   // the value of X-Smtpprobe-Id, a dot-atom; empty: random
}

// Header is a header field.
type Header struct{ Name, Value string }

// Message is a complete message. It can be sent more than once.
type Message struct {
	ID            string // the Message-ID, in angle brackets
	ProbeID       string // the value of X-Smtpprobe-Id
	NeedsSMTPUTF8 bool   // an address in the header is not ASCII (RFC 6531)
	Needs8Bit     bool   // the content is not 7-bit (RFC 6152)

	content []byte // header and body with CRLF, not dot-stuffed
	padding int    // bytes after the content; 0 or at least minPadding
}

// minPadding is the length of an empty line.
const minPadding = 2

// Build returns a message with the current date and a unique id. Its errors contain
// the name of the invalid option; they are not classified.
func Build(o Options) (Message, error) {
	m, err := compose(o)
	if err != nil || o.Size == 0 {
		return m, err
	}
	if smallest := len(m.content) + minPadding; o.Size < smallest {
		return Message{}, fmt.Errorf("message size %d is too small: header and body need %d bytes", o.Size, smallest)
	}
	m.padding = o.Size - len(m.content)
	return m, nil
}

// MinSize returns the minimum value of Size, in bytes, for a message with these
// options. It ignores o.Size.
func MinSize(o Options) (int, error) {
	m, err := compose(o)
	if err != nil {
		return 0, err
	}
	return len(m.content) + minPadding, nil
}

// Size returns the size in bytes (RFC 1870 §5): with CRLF, without dot-stuffing and
// the final dot.
func (m Message) Size() int { return len(m.content) + m.padding }

func compose(o Options) (Message, error) {
	body, err := canonical(o.Body)
	if err != nil {
		return Message{}, err
	}
	m := Message{ProbeID: cmp.Or(o.ID, rand.Text())}
	header, err := m.header(&o, encoding(body))
	if err != nil {
		return Message{}, err
	}
	var b bytes.Buffer
	w, err := gomessage.CreateWriter(&b, header.Header)
	if err != nil {
		return Message{}, fmt.Errorf("building the message: %w", err)
	}
	if _, err := w.Write([]byte(body)); err != nil {
		return Message{}, fmt.Errorf("building the message: %w", err)
	}
	if err := w.Close(); err != nil {
		return Message{}, fmt.Errorf("building the message: %w", err)
	}
	m.content = b.Bytes()
	m.Needs8Bit = bytes.ContainsFunc(m.content, func(r rune) bool { return r >= utf8.RuneSelf })
	return m, checkLines(m.content)
}

// checkLines checks the lines of the header (RFC 5322 §2.1.1 and §2.2.3). The
// library cannot fold a field with a long word or a long run of white space.
func checkLines(content []byte) error {
	header, _, _ := bytes.Cut(content, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if len(line) > maxLine || strings.TrimSpace(line) == "" {
			return fmt.Errorf("header field %s cannot be folded into lines", quote(line))
		}
	}
	if !bytes.HasSuffix(content, []byte("\r\n")) {
		return errors.New("the body does not end with a line end")
	}
	return nil
}
