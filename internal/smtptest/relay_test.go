package smtptest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServer_Healthy(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	c := dial(t, srv)
	require.Equal(t, "220 relay.test ESMTP\r\n", c.reply())
	require.Equal(t, "250-relay.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
		c.say("EHLO probe.test"))
	require.Equal(t, "250 2.1.0 sender ok\r\n", c.say("MAIL FROM:<a@probe.test>"))
	require.Equal(t, "250 2.1.5 recipient ok\r\n", c.say("RCPT TO:<b@relay.test>"))
	require.Equal(t, "250 2.1.5 recipient ok\r\n", c.say("RCPT TO:<c@relay.test>"))
	require.Equal(t, "354 end data with <CR><LF>.<CR><LF>\r\n", c.say("DATA"))
	require.Equal(t, "250 2.0.0 queued as 1.1\r\n", c.say("Subject: x\r\n\r\n..dots\r\n.\n.\r\r\n\r\n."))
	require.Equal(t, "250 2.0.0 ok\r\n", c.say("RSET"))
	require.Equal(t, "250 2.0.0 ok\r\n", c.say("noop"))
	require.Equal(t, "252 2.0.0 send some mail, I will try\r\n", c.say("VRFY x"))
	require.Equal(t, "500 5.5.2 command unrecognized\r\n", c.say("BANANA"))
	require.Equal(t, "221 2.0.0 bye\r\n", c.say("QUIT"))
	c.close()

	s := srv.Session(t)
	require.Equal(t, ClientQuit, s.End)
	require.NoError(t, s.Err)
	require.Equal(t, []string{"EHLO probe.test", "MAIL FROM:<a@probe.test>", "RCPT TO:<b@relay.test>", "RCPT TO:<c@relay.test>",
		"DATA", "RSET", "noop", "VRFY x", "BANANA", "QUIT"}, s.Commands())
	require.Empty(t, s.Early)
	require.Empty(t, s.Stray)
	require.False(t, s.Pipelined)
	require.Len(t, s.Messages, 1)
	m := s.Messages[0]
	require.Equal(t, "<a@probe.test>", m.Sender)
	require.Equal(t, []string{"<b@relay.test>", "<c@relay.test>"}, m.Recipients)
	require.Equal(t, "Subject: x\r\n\r\n..dots\r\n.\n.\r\r\n\r\n", string(m.Raw))
	require.Equal(t, "Subject: x\r\n\r\n.dots\r\n\n.\r\r\n\r\n", string(m.Text()))
	require.True(t, m.Dot)
}
