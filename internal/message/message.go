// Package message builds the message that a probe sends: complete by RFC 5322
// and MIME, easy to recognize in a mailbox or a queue, of the size that is asked
// for, and without anything that an option could inject. It also checks mail
// addresses (ParseAddress, ParseSender).
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

// Options is what a message is made of.
type Options struct {
	Envelope
	Content
}

// Envelope is between whom a message goes.
type Envelope struct {
	From string   // envelope sender, see ParseSender; empty is the null sender
	To   []string // envelope recipients, see ParseAddress
	Helo string   // the prober's name: the author's domain where the sender is null
}

// Content is what a message contains. The zero value is a message that says what
// it is.
type Content struct {
	Subject string   // empty: a subject that says what this is
	Body    string   // empty: a text that says what this is
	Headers []Header // additional header fields
	Size    int      // pad the whole message to this many bytes (RFC 1870); 0 = no padding
	Relay   string   // the value of X-Smtpprobe-Relay; empty: no such field
	ID      string   // the value of X-Smtpprobe-Id, an atom with dots; empty: a random one
}

// Header is one field of a message's header.
type Header struct{ Name, Value string }

// Message is a message ready to be sent, once or several times.
type Message struct {
	ID            string // the Message-ID, in its angle brackets
	ProbeID       string // the value of X-Smtpprobe-Id
	NeedsSMTPUTF8 bool   // an address in the header is not ASCII (RFC 6531)
	Needs8Bit     bool   // the content is not all 7-bit (RFC 6152)

	content []byte // header and body, every line ended by CRLF, not dot-stuffed
	padding int    // bytes that follow the content; 0 or at least minPadding
}

// minPadding is the shortest line there is: its CRLF.
const minPadding = 2

// Build makes a message with a date and an id of its own. Its errors name the
// option that is wrong and carry no class.
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

// MinSize is the smallest Size, in bytes, that a message of these options can
// have. It does not depend on Size.
func MinSize(o Options) (int, error) {
	m, err := compose(o)
	if err != nil {
		return 0, err
	}
	return len(m.content) + minPadding, nil
}

// Size is the number of bytes by RFC 1870 §5: with CRLF, without dot-stuffing
// and the final dot.
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

// checkLines wants lines that RFC 5322 §2.1.1 and §2.2.3 allow. The library
// folds and encodes; a long word or much white space in a field may be beyond
// it.
func checkLines(content []byte) error {
	header, _, _ := bytes.Cut(content, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(header), "\r\n") {
		if len(line) > maxLine || strings.TrimSpace(line) == "" {
			return fmt.Errorf("header field %s cannot be folded into lines", bounded(line))
		}
	}
	if !bytes.HasSuffix(content, []byte("\r\n")) {
		return errors.New("the body does not end with a line end")
	}
	return nil
}
