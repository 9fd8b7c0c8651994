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
		name    string
		wire    string
		code    int
		text    string
		warning []string
	}{
		{name: "one line", wire: "250 ok\r\n", code: 250, text: "ok"},
		{name: "several lines become one reply", wire: "250-a\r\n250-b\r\n250 c\r\n", code: 250, text: "a\nb\nc"},
		{name: "a bare code is a reply", wire: "250\r\n", code: 250},
		{name: "a bare CR after a bare code is noticed", wire: "250\r\r\n", code: 250, warning: []string{"bare_cr"}},
		{name: "an empty text is a reply", wire: "250 \r\n", code: 250},
		{name: "a bare code ends a reply of several lines", wire: "250-a\r\n250\r\n", code: 250, text: "a\n"},
		{name: "a bare LF ends a line, and is noticed", wire: "250 ok\n", code: 250, text: "ok", warning: []string{"bare_lf"}},
		{name: "a bare CR stays in the text, and is noticed", wire: "250 a\rb\r\n", code: 250, text: "a\rb", warning: []string{"bare_cr"}},
		{name: "NUL and 8-bit stay in the text, and are noticed", wire: "250 a\x00\xff\r\n", code: 250, text: "a\x00\xff", warning: []string{"nul", "eight_bit"}},
		{name: "a line of exactly the longest length is read", wire: "250 " + long + "\r\n", code: 250, text: long},
		{name: "an unknown code is read", wire: "299 ok\r\n", code: 299, text: "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(tt.wire), iotest.OneByteReader(strings.NewReader(tt.wire))} {
				rd := newReader(src)
				reply, err := rd.next()
				require.NoError(t, err)
				require.Equal(t, tt.code, reply.Code)
				require.Equal(t, tt.text, reply.Text())
				require.Equal(t, tt.warning, rd.odd.names())
				require.Zero(t, rd.buffered())
			}
		})
	}
}

func TestReader_ProtocolError(t *testing.T) {
	for _, tt := range []struct {
		name     string
		wire     string
		greeting bool
		reason   smtperr.Reason
	}{
		{name: "four digits", wire: "2200 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "a code below 200", wire: "099 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "a preliminary code", wire: "120 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "a code above 599", wire: "600 ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "a sign", wire: "+22 ok\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "an underscore", wire: "2_0 ok\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "an empty line", wire: "\r\n", greeting: true, reason: smtperr.ReasonBadCode},
		{name: "no separator", wire: "250ok\r\n", reason: smtperr.ReasonBadCode},
		{name: "other codes within one reply", wire: "250-a\r\n550 b\r\n", reason: smtperr.ReasonCodeMismatch},
		{name: "a line that is one byte too long", wire: "250 " + strings.Repeat("x", maxLine-5) + "\r\n", reason: smtperr.ReasonLineTooLong},
		{name: "a line without end", wire: strings.Repeat("2", 1<<20), reason: smtperr.ReasonLineTooLong},
		{name: "a reply of too many lines", wire: strings.Repeat("250-a\r\n", maxReplyLines+1), reason: smtperr.ReasonReplyTooLong},
		{name: "a reply of too many bytes", wire: strings.Repeat("250-"+strings.Repeat("x", 4000)+"\r\n", 20), reason: smtperr.ReasonReplyTooLong},
		{name: "an HTTP server", wire: "HTTP/1.1 400 Bad Request\r\n", greeting: true, reason: smtperr.ReasonNotSMTPHTTP},
		{name: "an SSH server", wire: "SSH-2.0-OpenSSH_9.2\r\n", greeting: true, reason: smtperr.ReasonNotSMTPSSH},
		{name: "a POP3 server", wire: "+OK ready\r\n", greeting: true, reason: smtperr.ReasonNotSMTP},
		{name: "binary without a line end", wire: "J\x00\x00\x00", greeting: true, reason: smtperr.ReasonNotSMTP},
		{name: "a TLS alert", wire: "\x15\x03\x01\x00\x02\x02\x46", greeting: true, reason: smtperr.ReasonTLSOnPlaintextPort},
		{name: "HTTP in the middle of a session is just no reply", wire: "HTTP/1.1 400 Bad Request\r\n", reason: smtperr.ReasonBadCode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rd := newReader(strings.NewReader(tt.wire))
			rd.greeting = tt.greeting
			_, err := rd.next()
			v, ok := errors.AsType[*ProtocolError](err)
			require.Truef(t, ok, "%v", err)
			require.Equal(t, tt.reason, v.Reason)
		})
	}
}

func TestReader_Partial(t *testing.T) {
	for wire, partial := range map[string]bool{
		"":                   false,
		"2":                  true,
		"250 2.0.0 que":      true,
		"250-a\r\n":          true,
		"250-a\r\n250 queue": true,
	} {
		rd := newReader(strings.NewReader(wire))
		_, err := rd.next()
		require.ErrorIs(t, err, io.EOF, wire)
		require.Equal(t, partial, rd.partial, wire)
	}
}

func TestReader_KeepsWhatFollows(t *testing.T) {
	rd := newReader(strings.NewReader("250 ok\r\n421 4.4.2 bye\r\n"))
	first, err := rd.next()
	require.NoError(t, err)
	require.Equal(t, 250, first.Code)
	require.Positive(t, rd.buffered())
	second, err := rd.next()
	require.NoError(t, err)
	require.Equal(t, 421, second.Code)
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "250", "2200 x\r\n", "\x15\x03\x01", "250-a\n250 b\n", "HTTP/1.1 200 OK\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		whole := newReader(bytes.NewReader(wire))
		dripped := newReader(iotest.OneByteReader(bytes.NewReader(wire)))
		whole.greeting, dripped.greeting = true, true
		for {
			a, errA := whole.next()
			b, errB := dripped.next()
			require.Equal(t, a, b, "how bytes arrive must not matter")
			require.Equal(t, errA == nil, errB == nil)
			require.LessOrEqual(t, len(whole.buf), maxLine)
			if errA != nil {
				va, okA := errors.AsType[*ProtocolError](errA)
				vb, okB := errors.AsType[*ProtocolError](errB)
				require.Equal(t, okA, okB)
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
