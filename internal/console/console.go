// Package console is what the commands know about the streams of their
// process: whether a stream is a terminal and how wide it is, how to color
// text, and how to wait for input without outliving a signal.
package console

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Streams are the standard streams of a command.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Await returns what f returns, or the context's error if the context ends
// first. f then goes on in the background: a read from a terminal, a FIFO or a
// server cannot be interrupted. The process is expected to end soon after.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := f()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// WithContext is r until the context ends; reads then fail with the context's
// error, a read that waits included.
func WithContext(ctx context.Context, r io.Reader) io.Reader {
	return &contextReader{ctx: ctx, r: r}
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read does not read into p directly: an abandoned read must not write to it.
func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	own := make([]byte, min(len(p), 64*1024))
	n, err := Await(c.ctx, func() (int, error) { return c.r.Read(own) })
	copy(p, own[:n])
	return n, err
}

// Say writes a line to w, and gives up waiting for a reader that does not read
// after a second.
func Say(w io.Writer, line string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = Await(ctx, func() (int, error) { return fmt.Fprintln(w, OneLine(line)) }) //nolint:errcheck // nowhere to report it
}

// userinfo is what comes before the host of a URL.
var userinfo = regexp.MustCompile(`://[^\s"']*@`)

// Redact removes the user name and the password of each URL in a text.
func Redact(s string) string { return userinfo.ReplaceAllLiteralString(s, "://xxxxx@") }

// OneLine keeps text in its line, and its control characters from acting on a
// terminal: they become escapes as in a Go string.
func OneLine(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\r\n", "\n")
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if unprintable(r) {
			quoted := fmt.Sprintf("%+q", r)
			out.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// unprintable reports whether r is a control character, breaks lines or
// changes the direction of text.
func unprintable(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control))
}
