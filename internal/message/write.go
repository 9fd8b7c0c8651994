package message

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

const (
	writeSize   = 32 << 10
	paddingLine = 76 // bytes without CRLF, the customary length
)

// WriteTo writes the message as it follows DATA: dot-stuffed (RFC 5321 §4.5.2)
// and ending in CRLF, without the final dot, which is the caller's to send. The
// count is of bytes written, stuffing included.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	c := &counter{w: w}
	b := bufio.NewWriterSize(c, writeSize)
	// The first line is a header field: a dot can begin a line only after
	// another.
	if _, err := b.Write(bytes.ReplaceAll(m.content, []byte("\r\n."), []byte("\r\n.."))); err != nil {
		return c.n, err
	}
	if err := pad(b, m.padding); err != nil {
		return c.n, err
	}
	err := b.Flush()
	return c.n, err
}

// pad writes n bytes of lines without a dot, so that none needs stuffing. One
// byte is not a line, so that a single one is never left over.
func pad(w io.StringWriter, n int) error {
	full := strings.Repeat("smtpprobe-", paddingLine/10+1)[:paddingLine] + "\r\n"
	for n > 0 {
		k := min(n, len(full))
		if n-k == 1 {
			k--
		}
		if _, err := w.WriteString(full[:k-2] + "\r\n"); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// counter counts what went out.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
