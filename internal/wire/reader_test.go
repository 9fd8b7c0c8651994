package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestReader(t *testing.T) {
	long := strings.Repeat("x", maxLine-len("250 \r\n"))
	for _, tt := range []struct {
		name      string
		input     string
		code      int
		text      string
		anomalies []string
	}{
		{name: "one line", input: "250 ok\r\n", code: 250, text: "ok"},
		{name: "several lines", input: "250-a\r\n250-b\r\n250 c\r\n", code: 250, text: "a\nb\nc"},
		{name: "code without text", input: "250\r\n", code: 250},
		{name: "bare CR after a code without text", input: "250\r\r\n", code: 250, anomalies: []string{"bare_cr"}},
		{name: "empty text", input: "250 \r\n", code: 250},
		{name: "code without text as the last line", input: "250-a\r\n250\r\n", code: 250, text: "a\n"},
		{name: "bare LF", input: "250 ok\n", code: 250, text: "ok", anomalies: []string{"bare_lf"}},
		{name: "bare CR in the text", input: "250 a\rb\r\n", code: 250, text: "a\rb", anomalies: []string{"bare_cr"}},
		{name: "NUL and 8-bit in the text", input: "250 a\x00\xff\r\n", code: 250, text: "a\x00\xff", anomalies: []string{"nul", "eight_bit"}},
		{name: "longest line", input: "250 " + long + "\r\n", code: 250, text: long},
		{name: "unknown code", input: "299 ok\r\n", code: 299, text: "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(tt.input), iotest.OneByteReader(strings.NewReader(tt.input))} {
				rd := newReader(src)
				reply, err := rd.next()
				require.NoError(t, err)
				require.Equal(t, tt.code, reply.Code)
				require.Equal(t, tt.text, reply.Text())
				require.Equal(t, tt.anomalies, rd.anomalies.names())
				require.Zero(t, rd.buffered())
			}
		})
	}
}

func TestReader_ProtocolError(t *testing.T) {
	for _, tt := range []struct {
		name     string
		input    string
		greeting bool
		reason   smtperr.Reason
	}{
		{name: "four digits", input: "2200 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "code below 200", input: "099 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "preliminary code", input: "120 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "code above 599", input: "600 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "sign", input: "+22 ok\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "underscore", input: "2_0 ok\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "empty line", input: "\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "no separator", input: "250ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "different codes in one reply", input: "250-a\r\n550 b\r\n", reason: smtperr.ReasonCodeMismatch},
		{name: "line too long by one byte", input: "250 " + strings.Repeat("x", maxLine-5) + "\r\n", reason: smtperr.ReasonLineTooLong},
		{name: "endless line", input: strings.Repeat("2", 1<<20), reason: smtperr.ReasonLineTooLong},
		{name: "too many lines", input: strings.Repeat("250-a\r\n", maxReplyLines+1), reason: smtperr.ReasonReplyTooLong},
		{name: "too many bytes", input: strings.Repeat("250-"+strings.Repeat("x", 4000)+"\r\n", 20), reason: smtperr.ReasonReplyTooLong},
		{name: "HTTP server", input: "HTTP/1.1 400 Bad Request\r\n", greeting: true, reason: smtperr.ReasonNotSMTPHTTP},
		{name: "SSH server", input: "SSH-2.0-OpenSSH_9.2\r\n", greeting: true, reason: smtperr.ReasonNotSMTPSSH},
		{name: "POP3 server", input: "+OK ready\r\n", greeting: true, reason: smtperr.ReasonNotSMTP},
		{name: "binary data without line end", input: "J\x00\x00\x00", greeting: true, reason: smtperr.ReasonNotSMTP},
		{name: "TLS alert with an LF", input: "\x15\x03\x03\x00\x02\x02\x0a", greeting: true, reason: smtperr.ReasonTLSOnPlaintextPort},
		{name: "TLS alert", input: "\x15\x03\x01\x00\x02\x02\x46", greeting: true, reason: smtperr.ReasonTLSOnPlaintextPort},
		{name: "HTTP after the greeting", input: "HTTP/1.1 400 Bad Request\r\n", reason: smtperr.ReasonBadCode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rd := newReader(strings.NewReader(tt.input))
			rd.greeting = tt.greeting
			_, err := rd.next()
			v, ok := errors.AsType[*ProtocolError](err)
			require.Truef(t, ok, "%v", err)
			require.Equal(t, tt.reason, v.Reason)
		})
	}
}

func TestReader_Partial(t *testing.T) {
	for input, partial := range map[string]bool{
		"":                   false,
		"2":                  true,
		"250 2.0.0 que":      true,
		"250-a\r\n":          true,
		"250-a\r\n250 queue": true,
	} {
		rd := newReader(strings.NewReader(input))
		_, err := rd.next()
		require.ErrorIs(t, err, io.EOF, input)
		require.Equal(t, partial, rd.partial, input)
	}
}

func TestReader_TwoReplies(t *testing.T) {
	rd := newReader(strings.NewReader("250 ok\r\n421 4.4.2 bye\r\n"))
	first, err := rd.next()
	require.NoError(t, err)
	require.Equal(t, 250, first.Code)
	require.Positive(t, rd.buffered())
	second, err := rd.next()
	require.NoError(t, err)
	require.Equal(t, 421, second.Code)
}

// FuzzReader reads the same bytes at once and one by one.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "250", "2200 x\r\n", "\x15\x03\x01", "250-a\n250 b\n", "HTTP/1.1 200 OK\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		whole := newReader(bytes.NewReader(input))
		single := newReader(iotest.OneByteReader(bytes.NewReader(input)))
		whole.greeting, single.greeting = true, true
		for {
			a, errA := whole.next()
			b, errB := single.next()
			require.Equal(t, a, b, "the segmentation must not matter")
			require.Equal(t, errA == nil, errB == nil)
			require.LessOrEqual(t, len(whole.buf), maxLine)
			if errA != nil {
				va, okA := errors.AsType[*ProtocolError](errA)
				vb, okB := errors.AsType[*ProtocolError](errB)
				require.Equal(t, okA, okB)
				require.Equal(t, whole.anomalies, single.anomalies)
				if okA {
					require.Equal(t, va.Reason, vb.Reason)
				} else {
					require.ErrorIs(t, errA, io.EOF)
				}
				return
			}
			require.GreaterOrEqual(t, a.Code, 200)
			require.LessOrEqual(t, a.Code, 599)
			require.LessOrEqual(t, len(a.Text()), maxReply)
		}
	})
}
