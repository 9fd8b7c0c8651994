// Package console handles the standard streams of a command: it detects
// terminals and their width, colors and escapes text, reads passwords, and waits
// for input without delaying the end of the process.
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

// Await calls f and returns its results, or the context's error if the context is
// done first. Then f keeps running in the background, since a read from a
// terminal or a FIFO cannot be interrupted; the process should exit soon.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}

// WithContext returns a reader that reads from r until ctx is done. Then pending
// and later reads return the context's error.
func WithContext(ctx context.Context, r io.Reader) io.Reader {
	return &contextReader{ctx: ctx, r: r}
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read reads into a buffer of its own: an abandoned read must not write to p.
func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	buf := make([]byte, min(len(p), 64*1024))
	n, err := Await(c.ctx, func() (int, error) { return c.r.Read(buf) })
	copy(p, buf[:n])
	return n, err
}

// Say writes a line to w. It gives up after a second if nobody reads the line.
func Say(w io.Writer, line string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = Await(ctx, func() (int, error) { return fmt.Fprintln(w, OneLine(line)) }) //nolint:errcheck // nowhere to report it
}

// userinfo matches the user name and the password of a URL.
var userinfo = regexp.MustCompile(`://[^\s"']*@`)

// Redact replaces the user name and the password of each URL in s.
func Redact(s string) string { return userinfo.ReplaceAllLiteralString(s, "://xxxxx@") }

// OneLine returns s with line breaks and other control characters escaped as in a
// Go string, so that s stays on its line and cannot control a terminal. It trims
// white space at both ends.
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

// unprintable reports whether r is a control character, a line separator or
// changes the direction of text.
func unprintable(r rune) bool {
	return r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control))
}
