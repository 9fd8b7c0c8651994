package message

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

const (
	writeSize   = 32 << 10
	paddingLine = 76 // bytes without CRLF, as in base64 (RFC 2045 §6.8)
)

// WriteTo writes the message for DATA: dot-stuffed (RFC 5321 §4.5.2) and ending in
// CRLF. The caller sends the final dot. The result is the number of bytes written,
// including dot-stuffing.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	c := &counter{w: w}
	b := bufio.NewWriterSize(c, writeSize)
	// The first line is a header field and never begins with a dot.
	if _, err := b.Write(bytes.ReplaceAll(m.content, []byte("\r\n."), []byte("\r\n.."))); err != nil {
		return c.n, err
	}
	if err := pad(b, m.padding); err != nil {
		return c.n, err
	}
	err := b.Flush()
	return c.n, err
}

// pad writes n bytes as lines without dots. Each line is at least minPadding bytes
// long, so pad shortens a line if a single byte would remain.
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

// counter counts the bytes written to w.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
