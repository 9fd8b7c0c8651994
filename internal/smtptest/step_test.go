package smtptest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestScript_Events(t *testing.T) {
	t.Parallel()
	cases := []struct {
		at       Event
		commands []string // the last one gets the reply of the step
	}{
		{at: AtGreeting},
		{at: AtEHLO, commands: []string{"EHLO x"}},
		{at: AtHELO, commands: []string{"HELO x"}},
		{at: AtStartTLS, commands: []string{"STARTTLS"}},
		{at: AtAuth, commands: []string{"AUTH PLAIN"}},
		{at: AtMail, commands: []string{"EHLO x", "MAIL FROM:<>"}},
		{at: AtRcpt, commands: []string{"EHLO x", "MAIL FROM:<>", "RCPT TO:<a@b.test>"}},
		{at: AtData, commands: []string{"EHLO x", "MAIL FROM:<>", "RCPT TO:<a@b.test>", "DATA"}},
		{at: AtDot, commands: []string{"EHLO x", "MAIL FROM:<>", "RCPT TO:<a@b.test>", "DATA", "x\r\n."}},
		{at: AtRset, commands: []string{"rset"}},
		{at: AtNoop, commands: []string{"Noop"}},
		{at: AtVrfy, commands: []string{"VRFY a"}},
		{at: AtQuit, commands: []string{"QUIT"}},
		{at: AtLHLO, commands: []string{"LHLO x"}},
	}
	for _, tt := range cases {
		t.Run(string(tt.at), func(t *testing.T) {
			t.Parallel()
			srv := Start(t, Script{}.With(tt.at, Say("455-4.5.0 not", "455 4.5.0 now")))
			c := dial(t, srv)
			got := c.reply()
			if len(tt.commands) > 0 {
				got = c.say(tt.commands...)
			}
			require.Equal(t, "455-4.5.0 not\r\n455 4.5.0 now\r\n", got)
		})
	}
}

func TestScript_Other(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Other: Say("502 5.5.1 no")})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "502 5.5.1 no\r\n", c.say("HELP"))
	require.Panics(t, func() { Script{}.With("HELP", nil) })
}

func TestSeq(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Noop: Seq(Say("450 first"), nil, Say("550 third"))})
	for range 2 {
		c := dial(t, srv)
		c.reply()
		require.Equal(t, "450 first\r\n", c.say("NOOP"))
		require.Equal(t, "250 2.0.0 ok\r\n", c.say("NOOP"))
		require.Equal(t, "550 third\r\n", c.say("NOOP", "NOOP"))
	}
}

func TestSessionsAndCycle(t *testing.T) {
	t.Parallel()
	a, b := Script{Greeting: Say("220 a")}, Script{Greeting: Say("220 b")}
	greetings := func(script Script) (all []string) {
		srv := Start(t, script)
		for range 4 {
			all = append(all, strings.TrimSpace(dial(t, srv).reply()))
		}
		return all
	}
	require.Equal(t, []string{"220 a", "220 b", "220 b", "220 b"}, greetings(Sessions(a, b)))
	require.Equal(t, []string{"220 a", "220 b", "220 a", "220 b"}, greetings(Cycle(a, b)))
}

func TestMatch(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Rcpt: Match("<gone@", Say("550 5.1.1 gone"))})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "250 2.1.5 recipient ok\r\n", c.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<here@b.test>"))
	require.Equal(t, "550 5.1.1 gone\r\n", c.say("RCPT TO:<gone@b.test>"))
	c.say("DATA", ".", "QUIT")
	c.close()
	m := srv.Session(t).Messages[0]
	require.Equal(t, []string{"<here@b.test>"}, m.Recipients)
	require.Empty(t, m.Raw)
	require.True(t, m.Dot)
}

func TestDripAndRaw(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Noop: Drip("250 ok\r\n", time.Millisecond), Vrfy: Then(Raw("25"), Raw("2 x\n")), Before: Pause(time.Millisecond)})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "250 ok\r\n", c.say("NOOP"))
	require.Equal(t, "252 x\n", c.say("VRFY x"))
}

func TestEndless(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{EHLO: Endless("250-more\r\n")})
	c := dial(t, srv)
	c.reply()
	c.send("EHLO x\r\n")
	for range 5000 {
		line, err := c.in.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "250-more\r\n", line)
	}
	c.close()
	require.Equal(t, ClientAborted, srv.Session(t).End)
}

func TestSession_EarlyTalk(t *testing.T) {
	t.Parallel()
	const early = "EHLO early\r\n"
	tests := []struct {
		name     string
		greeting func(released <-chan struct{}) Step
		talk     bool
	}{
		{name: "before the greeting", greeting: func(released <-chan struct{}) Step { return Then(wait(released), Healthy()) }, talk: true},
		{name: "between two lines of the greeting", greeting: func(released <-chan struct{}) Step {
			return Then(Raw("220-hi\r\n"), wait(released), Say("220 there"))
		}, talk: true},
		{name: "no greeting", greeting: func(<-chan struct{}) Step { return Silence() }, talk: true},
		{name: "after the greeting", greeting: func(<-chan struct{}) Step { return Then(Say("220-hi", "220 there"), Silence()) }, talk: true},
		{name: "none", greeting: func(released <-chan struct{}) Step { return Then(Raw("220-hi\r\n"), wait(released), Healthy()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			released := make(chan struct{})
			srv := Start(t, Script{Greeting: tt.greeting(released)})
			c := dial(t, srv)
			after := tt.name == "after the greeting"
			if after {
				c.reply()
			}
			if tt.talk {
				c.send(early)
			}
			close(released)
			if tt.name != "no greeting" && !after {
				c.reply()
			}
			c.close()
			s := srv.Session(t)
			if tt.talk && !after {
				require.Equal(t, early, string(s.Early))
			} else {
				require.Empty(t, s.Early)
			}
			if after {
				require.Equal(t, early, string(s.Stray))
			}
		})
	}
}

// wait waits until a channel is closed.
func wait(released <-chan struct{}) Step {
	return func(*Conn) error {
		<-released
		return nil
	}
}

func TestSession_Pipelining(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	c := dial(t, srv)
	c.reply()
	c.send("EHLO x\r\nNOOP\r\n")
	c.reply()
	c.reply()
	c.close()
	require.True(t, srv.Session(t).Pipelined)
}

func TestScript_FollowsReplyCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		said     string
		code     int
		complete bool
	}{
		{said: "250 ok\r\n", code: 250, complete: true},
		{said: "250\r\n", code: 250, complete: true},
		{said: "250\n", code: 250, complete: true},
		{said: "250-a\r\n550 b\r\n", code: 550, complete: true},
		{said: "220 go\r\n250 evil\r\n", code: 220, complete: true},
		{said: "250-a\r\n"},
		{said: "250 que"},
		{said: "2500 x\r\n", complete: true},
		{said: "ok\r\n", complete: true},
		{said: "SSH-2.0-x\r\n", complete: true},
	}
	for _, tt := range tests {
		for split := range len(tt.said) {
			var r reply
			r.add([]byte(tt.said[:split]))
			r.add([]byte(tt.said[split:]))
			require.Equal(t, tt.code, r.code, tt.said)
			require.Equal(t, tt.complete, r.complete, tt.said)
		}
	}
}
