package smtptest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// toData starts a relay and a client that has sent DATA.
func toData(t *testing.T, script Script) (*Server, *client) {
	t.Helper()
	srv := Start(t, script)
	c := dial(t, srv)
	c.reply()
	hello := "EHLO x"
	if script.LMTP {
		hello = "LHLO x"
	}
	require.Equal(t, "354", c.say(hello, "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "RCPT TO:<e@f.test>", "DATA")[:3])
	return srv, c
}

func TestBody_FinalDot(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\r\n", "x\r\n", "..\r\n", ".x\r\n", "\n.\n\r\n", "\r\n.\n\r\n", "\n.\r\n\r\n", "\r.\r\r\n", "\r\n.\r\r\n", "\r\n\r\n"} {
		var d dotScanner
		input := text + ".\r\n"
		for split := range len(input) {
			d = *newDotScanner()
			n, done := d.scan([]byte(input[:split]))
			require.False(t, done, "%q", input[:split])
			require.Equal(t, split, n)
			n, done = d.scan([]byte(input[split:] + "QUIT\r\n"))
			require.True(t, done, "%q", text)
			require.Equal(t, len(input)-split, n, "%q", text)
		}
	}
}

func TestBody_Large(t *testing.T) {
	t.Parallel()
	srv, c := toData(t, Script{})
	const lines = 200_000
	c.send(strings.Repeat(strings.Repeat("x", 98)+"\r\n", lines) + ".\r\n")
	c.reply()
	c.say("QUIT")
	c.close()
	s := srv.Session(t)
	require.EqualValues(t, 100*lines, s.Messages[0].Size)
	require.Len(t, s.Messages[0].Raw, maxBodyKept)
	require.True(t, s.Messages[0].Dot)
	require.Greater(t, s.Received, s.Messages[0].Size)
}

func TestBody_After(t *testing.T) {
	t.Parallel()
	const text = "0123456789\r\n"
	for after := range int64(len(text)) + 1 {
		var received int64
		step := func(c *Conn) error {
			received = c.rec.snapshot().Received
			return c.Write([]byte("552 5.3.4 too large\r\n"))
		}
		srv, c := toData(t, Script{BodyAfter: after, Body: step})
		before := srv.Sessions()[0].Received
		c.send(text + ".\r\n")
		require.Equal(t, "552 5.3.4 too large\r\n", c.reply())
		require.Equal(t, "250", c.reply()[:3])
		c.close()
		s := srv.Session(t)
		require.Equal(t, before+after, received)
		require.Equal(t, text, string(s.Messages[0].Raw))
		require.True(t, s.Messages[0].Dot)
	}
}

func TestBody_Truncated(t *testing.T) {
	t.Parallel()
	srv, c := toData(t, Script{BodyAfter: 5, Body: Then(Say("552 5.3.4 too large"), HalfClose())})
	c.send("0123456789\r\n")
	rest, err := c.rest()
	require.NoError(t, err)
	require.Equal(t, "552 5.3.4 too large\r\n", rest)
	c.close()
	s := srv.Session(t)
	require.Equal(t, "01234", string(s.Messages[0].Raw))
	require.EqualValues(t, 5, s.Messages[0].Size)
	require.False(t, s.Messages[0].Dot)
	require.Equal(t, "56789\r\n", string(s.Stray))
	require.Equal(t, RelayEnded, s.End)
}

func TestLMTP_RepliesPerRecipient(t *testing.T) {
	t.Parallel()
	srv, c := toData(t, Script{LMTP: true, Rcpt: nil, Dot: Seq(nil, Then(Say("550 5.1.1 gone"), HalfClose()))})
	c.send("x\r\n.\r\n")
	require.Equal(t, "250 2.0.0 queued as 1.1\r\n", c.reply())
	require.Equal(t, "550 5.1.1 gone\r\n", c.reply())
	c.close()
	require.Equal(t, []string{"<c@d.test>", "<e@f.test>"}, srv.Session(t).Messages[0].Recipients)

	matched, c := toData(t, Script{LMTP: true, Dot: Match("^<c@", Say("452 4.2.2 full"))})
	c.send(".\r\n")
	require.Equal(t, "452 4.2.2 full\r\n", c.reply())
	require.Equal(t, "250 2.0.0 queued as 1.2\r\n", c.reply())
	require.Equal(t, "500 5.5.2 command unrecognized\r\n", c.say("EHLO x"))
	require.Equal(t, "500 5.5.2 command unrecognized\r\n", c.say("HELO x"))
	c.close()
	require.Len(t, matched.Session(t).Messages, 1)
}

func TestSession_LongLine(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "500", c.say(strings.Repeat("x", 5<<20))[:3])
	require.Equal(t, "250", c.say("NOOP")[:3])
	c.close()
	s := srv.Session(t)
	require.Len(t, s.Lines[0].Raw, maxLineKept)
	require.Equal(t, "NOOP", s.Lines[1].Text())
	require.Greater(t, s.Received, int64(5<<20))
}

func TestSession_Bounded(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Quit: Silence()})
	c := dial(t, srv)
	c.reply()
	for range maxLines + 10 {
		c.say("NOOP")
	}
	c.send("QUIT\r\n" + strings.Repeat("x", 2*maxStray))
	c.close()
	s := srv.Session(t)
	require.Len(t, s.Lines, maxLines)
	require.Equal(t, bytes.Repeat([]byte("x"), maxStray), s.Stray)
}

func TestSession_OutOfOrder(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	c := dial(t, srv)
	c.reply()
	const refusal = "503 5.5.1 bad sequence of commands\r\n"
	require.Equal(t, refusal, c.say("MAIL FROM:<>"))
	require.Equal(t, refusal, c.say("EHLO x", "RCPT TO:<a@b.test>"))
	require.Equal(t, refusal, c.say("MAIL FROM:<>", "DATA"))
	require.Equal(t, refusal, c.say("MAIL FROM:<>"))
	require.Equal(t, refusal, c.say("RSET", "RCPT TO:<a@b.test>"))
	require.Equal(t, "502 5.5.1 command not implemented\r\n", c.say("STARTTLS"))
	require.Equal(t, "502 5.5.1 command not implemented\r\n", c.say("AUTH PLAIN"))
}
