package smtpprobe_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestProbe_Depths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		depth    smtpprobe.Depth
		commands []string
		code     int
	}{
		{smtpprobe.DepthConnect, []string{"QUIT"}, 220},
		{smtpprobe.DepthEHLO, []string{"EHLO probe.test", "QUIT"}, 250},
		{smtpprobe.DepthRcpt, []string{"EHLO probe.test", "MAIL FROM:<probe@example.org>", "RCPT TO:<alice@example.org>", "RSET", "QUIT"}, 250},
	} {
		t.Run(string(tt.depth), func(t *testing.T) {
			t.Parallel()
			r, s := converse(t, plain, smtptest.Script{}, func(p *probing) { p.Depth, p.To = tt.depth, []string{alice} })
			require.NoError(t, r.Err)
			require.True(t, r.Expected)
			require.Equal(t, tt.commands, s.Commands())
			require.Equal(t, smtptest.ClientQuit, s.End)
			require.False(t, s.Pipelined)
			require.Equal(t, tt.code, r.Reply.Code)
			require.Empty(t, r.Secondary)
		})
	}
}

func TestSend_Message(t *testing.T) {
	body := "first line\r\n.\r\n..dots\r\n.hidden\r\nlast line"
	r, s := converse(t, plain, smtptest.Script{}, func(p *probing) {
		send(alice)(p)
		p.Message = smtpprobe.Message{Subject: "hello", Body: body, Size: 20000, Headers: []smtpprobe.Header{{Name: "X-Team", Value: "mail"}}}
	})
	require.NoError(t, r.Err)
	require.True(t, r.MessageAccepted)
	require.Len(t, s.Messages, 1)
	m := s.Messages[0]
	require.True(t, m.Dot)
	text := string(m.Text())
	require.Len(t, text, 20000)
	require.Contains(t, text, "\r\n.\r\n..dots\r\n.hidden\r\n")
	require.Contains(t, text, "X-Team: mail\r\n")
	require.Contains(t, text, r.MessageID)
	require.True(t, wasSent(s, "MAIL FROM:<probe@example.org> SIZE=20000"))
}

func TestMail_Parameters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		script smtptest.Script
		plan   func(*probing)
		mail   string
		rcpt   string
		want   outcome
	}{
		{
			name: "DSN", script: smtptest.Script{Extensions: offering("DSN")}, plan: send(alice),
			mail: "MAIL FROM:<probe@example.org>", rcpt: "RCPT TO:<alice@example.org> NOTIFY=NEVER",
			want: outcome{phase: smtperr.PhaseDone, code: 250},
		},
		{
			name: "null sender", script: smtptest.Script{Extensions: offering("X")},
			plan: func(p *probing) { send(alice)(p); p.From = "" },
			mail: "MAIL FROM:<>", rcpt: "RCPT TO:<alice@example.org>",
			want: outcome{phase: smtperr.PhaseDone, code: 250},
		},
		{
			name: "message too large", script: smtptest.Script{Extensions: offering("SIZE 5000")},
			plan: func(p *probing) { send(alice)(p); p.Message.Size = 5001 },
			want: outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonMessageTooLarge, phase: smtperr.PhaseMail},
		},
		{
			name: "SIZE 0", script: smtptest.Script{Extensions: offering("SIZE 0")},
			plan: func(p *probing) { send(alice)(p); p.Message.Size = 50000 },
			mail: "MAIL FROM:<probe@example.org> SIZE=50000", rcpt: "RCPT TO:<alice@example.org>",
			want: outcome{phase: smtperr.PhaseDone, code: 250},
		},
		{
			name: "non-ASCII address without SMTPUTF8", script: smtptest.Script{}, plan: rcpt("jürgen@example.org"),
			want: outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonSMTPUTF8NotOffered, phase: smtperr.PhaseMail},
		},
		{
			name: "non-ASCII address with SMTPUTF8", script: smtptest.Script{Extensions: offering("SMTPUTF8")}, plan: rcpt("jürgen@example.org"),
			mail: "MAIL FROM:<probe@example.org> SMTPUTF8", rcpt: "RCPT TO:<jürgen@example.org>",
			want: outcome{phase: smtperr.PhaseDone, code: 250},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := conversation{script: tt.script, plan: tt.plan, want: tt.want, sent: []string{"QUIT"}, check: func(t *testing.T, _ *smtpprobe.Result, s smtptest.Session) {
				if tt.mail == "" {
					require.False(t, wasSent(s, "MAIL"))
					return
				}
				require.Equal(t, []string{tt.mail, tt.rcpt}, s.Commands()[1:3])
			}}
			c.run(t, plain)
		})
	}
}

func TestBody_Interrupted(t *testing.T) {
	t.Parallel()
	large := func(p *probing) {
		send(alice)(p)
		p.Message.Size = 9 << 20
	}
	for _, tt := range []conversation{
		{
			name: "reset", script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Reset()},
			want: outcome{class: smtperr.ClassDisconnected, reason: smtperr.ReasonReset, phase: smtperr.PhaseBody, temporary: true},
		},
		{
			name: "refusal, then reset", script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Then(smtptest.Say("552 5.3.4 too big"), smtptest.Pause(50*time.Millisecond), smtptest.Reset())},
			want: outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonMessageTooLarge, phase: smtperr.PhaseBody, code: 552, enhanced: enhanced(5, 3, 4)},
		},
		{
			name: "relay stops reading", script: smtptest.Script{BodyAfter: 1000, Body: smtptest.Stall()},
			plan: func(p *probing) { large(p); p.Timeout = 700 * time.Millisecond },
			want: outcome{class: smtperr.ClassWriteTimeout, phase: smtperr.PhaseBody, temporary: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.plan == nil {
				tt.plan = large
			}
			srv := smtptest.Start(t, tt.script)
			p := prober(srv, plain)
			tt.plan(p)
			r := p.probe(context.Background())
			require.Error(t, r.Err)
			require.Equal(t, tt.want.class, failure(r).Class, r.Err)
			require.Equal(t, tt.want.reason, failure(r).Reason)
			require.Equal(t, tt.want.phase, failure(r).Phase)
			require.Equal(t, tt.want.code, failure(r).Code())
			require.False(t, failure(r).OutcomeUnknown, "the final dot was not sent")
			require.False(t, r.DotSent)
			require.False(t, r.MessageAccepted)
		})
	}
}

func TestProbe_Canceled(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]smtptest.Script{
		"greeting":      {Greeting: smtptest.Silence()},
		"reply to MAIL": {Mail: smtptest.Silence()},
		"message":       {BodyAfter: 1000, Body: smtptest.Stall()},
		"reply to QUIT": {Quit: smtptest.Silence()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := make(chan struct{})
			for _, step := range []*smtptest.Step{&script.Greeting, &script.Mail, &script.Body, &script.Quit} {
				if inner := *step; inner != nil {
					*step = func(c *smtptest.Conn) error { close(reached); return inner(c) }
				}
			}
			srv := smtptest.Start(t, script)
			p := prober(srv, plain)
			send(alice)(p)
			p.Plan.Message.Size = 9 << 20
			p.Timeout = time.Hour
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() { <-reached; cancel() }()
			r := p.probe(ctx)
			if name == "reply to QUIT" {
				require.NoError(t, r.Err, "the session has succeeded")
				return
			}
			require.Equal(t, smtperr.ClassCanceled, failure(r).Class, r.Err)
			require.Equal(t, smtperr.FaultProber, failure(r).Fault())
		})
	}
}

// The timeout of the probe is reported as the timeout of the current phase.
func TestTimeout_Phase(t *testing.T) {
	r, _ := converse(t, plain, smtptest.Script{Mail: smtptest.Silence()}, func(p *probing) {
		rcpt(alice)(p)
		p.Timeout = 300 * time.Millisecond
	})
	require.Equal(t, smtperr.ClassReadTimeout, failure(r).Class)
	require.Equal(t, smtperr.PhaseMail, failure(r).Phase)
}

func TestTimeout_Context(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Silence()})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	r := prober(srv, plain).probe(ctx)
	require.Equal(t, smtperr.ClassReadTimeout, failure(r).Class)
}

func TestSecrets_Refusal(t *testing.T) {
	const password = "correct horse battery"
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + password))
	for _, mechanism := range []string{"PLAIN", "LOGIN"} {
		refusal := smtptest.Say("535 5.7.8 wrong: " + password + " in " + encoded)
		r, s := converse(t, plain, smtptest.Script{
			Extensions: offering("AUTH PLAIN LOGIN"),
			Auth: func(c *smtptest.Conn) error {
				if strings.HasPrefix(c.Line(), "AUTH LOGIN") {
					return smtptest.Say("334 VXNlcm5hbWU6")(c)
				}
				return refusal(c)
			},
			AuthResponse: smtptest.Seq(smtptest.Say("334 UGFzc3dvcmQ6"), refusal),
		}, func(p *probing) {
			login(mechanism)(p)
			p.Auth.Password = password
		})
		require.True(t, wasSent(s, "AUTH "+mechanism))
		require.Error(t, r.Err)
		shown := fmt.Sprintf("%v %+v %v", r.Err, r.Transcript, r.Reply)
		require.NotContains(t, shown, password)
		require.NotContains(t, shown, encoded)
		require.NotContains(t, shown, base64.StdEncoding.EncodeToString([]byte(password)))
		require.Contains(t, shown, "***")
	}
}

func TestSecrets_Challenge(t *testing.T) {
	const username, password = "probe@example.net", "correct horse battery"
	encoded := base64.StdEncoding.EncodeToString([]byte(password))
	for _, challenge := range []string{encoded, password} {
		r, _ := converse(t, plain, smtptest.Script{
			Extensions:   offering("AUTH LOGIN"),
			Auth:         smtptest.Say("334 VXNlcm5hbWU6"),
			AuthResponse: smtptest.Seq(smtptest.Say("334 UGFzc3dvcmQ6"), smtptest.Say("334 "+challenge), smtptest.Say("334 "+challenge), smtptest.Say("501 5.7.0 "+username+" gave up")),
		}, func(p *probing) {
			login("LOGIN")(p)
			p.Auth.Username, p.Auth.Password, p.Transcript = username, password, smtpprobe.TranscriptAlways
		})
		require.Error(t, r.Err)
		require.Equal(t, smtperr.ReasonChallengeLoop, failure(r).Reason)
		shown := fmt.Sprintf("%v %+v %v", r.Err, r.Transcript, r.Reply)
		require.NotContains(t, shown, encoded)
		require.NotContains(t, shown, password)
		require.Contains(t, shown, "334 ***")
	}
}

func TestSecrets_UserName(t *testing.T) {
	const username = "probe@example.net"
	for _, mechanism := range []string{"PLAIN", "CRAM-MD5"} {
		r, _ := converse(t, plain, smtptest.Script{
			Extensions: offering("AUTH PLAIN CRAM-MD5"),
			Auth: func(c *smtptest.Conn) error {
				if strings.HasPrefix(c.Line(), "AUTH CRAM-MD5") {
					return smtptest.Say("334 PDFAeD4=")(c)
				}
				return smtptest.Say("535 5.7.8 no " + username)(c)
			},
			AuthResponse: smtptest.Say("535 5.7.8 no " + username),
		}, func(p *probing) {
			login(mechanism)(p)
			p.Auth.Username, p.Transcript = username, smtpprobe.TranscriptAlways
		})
		require.Error(t, r.Err)
		require.NotContains(t, fmt.Sprintf("%v %+v %v", r.Err, r.Transcript, r.Reply), username)
	}
}

func TestTranscript(t *testing.T) {
	r, _ := converse(t, plain, smtptest.Script{Mail: smtptest.Say("550-first\x1b[31m", "550 second")}, rcpt(alice))
	var text []string
	for _, line := range r.Transcript {
		text = append(text, string(line.Dir)+" "+line.Text)
	}
	require.Equal(t, []string{
		"S 220 relay.test ESMTP", "C EHLO probe.test", "S 250-relay.test", "S 250-PIPELINING", "S 250-SIZE 10240000", "S 250-8BITMIME",
		"S 250 ENHANCEDSTATUSCODES", "C MAIL FROM:<probe@example.org>", `S 550-first\x1b[31m`, "S 550 second", "C QUIT", "S 221 2.0.0 bye", "* closed",
	}, text[1:])
	require.True(t, strings.HasPrefix(text[0], "* connected to 127.0.0.1:"))
}

func TestConnect_ClosedPort(t *testing.T) {
	const tcpmux = 1 // RFC 1078; not in use
	p := &probing{Target: smtpprobe.Target{Host: "127.0.0.1", Port: tcpmux}}
	r := p.probe(context.Background())
	require.Equal(t, smtperr.ClassConnectError, failure(r).Class)
	require.Equal(t, smtperr.ReasonRefused, failure(r).Reason)
	require.Equal(t, smtperr.PhaseConnect, failure(r).Phase)
	require.Nil(t, timeOf(r, smtperr.PhaseConnect))
	require.Nil(t, r.Reply)
}

func TestExpect(t *testing.T) {
	t.Parallel()
	expect := func(d smtpprobe.Depth, class smtperr.Class, reason smtperr.Reason) func(*probing) {
		return func(p *probing) {
			send(alice)(p)
			p.Depth = d
			p.Expect = []smtpprobe.Expectation{{Class: class, Reason: reason}}
		}
	}
	denied := smtptest.Script{Rcpt: smtptest.Say("454 4.7.1 Relay access denied")}
	greylisted := smtptest.Script{Rcpt: smtptest.Say("450 4.2.0 Greylisted, try again")}
	for _, tt := range []struct {
		name     string
		script   smtptest.Script
		plan     func(*probing)
		class    smtperr.Class
		expected bool
	}{
		{"another reason", smtptest.Script{Rcpt: smtptest.Say("550 5.1.1 unknown")}, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, ""), smtperr.ClassRecipientsRefused, false},
		{"expected reason", smtptest.Script{Rcpt: smtptest.Say("550 5.1.1 unknown")}, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, smtperr.ReasonMailboxUnknown), smtperr.ClassRecipientsRefused, true},
		{"relaying denied", smtptest.Script{Rcpt: smtptest.Say("554 5.7.1 Relay access denied")}, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, ""), smtperr.ClassRecipientsRefused, true},
		{"relaying temporarily denied", denied, expect(smtpprobe.DepthSend, smtperr.ClassRecipientsRefused, ""), smtperr.ClassRecipientsRefused, true},
		{"greylisting", greylisted, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, ""), smtperr.ClassRecipientsRefused, false},
		{"greylisting as expected reason", greylisted, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, smtperr.ReasonGreylisted), smtperr.ClassRecipientsRefused, true},
		{"421", smtptest.Script{Rcpt: smtptest.Say("421 4.3.2 bye")}, expect(smtpprobe.DepthRcpt, smtperr.ClassRecipientsRefused, ""), smtperr.ClassServiceUnavailable, false},
		{"open relay", smtptest.Script{}, expect(smtpprobe.DepthSend, smtperr.ClassRecipientsRefused, ""), smtperr.ClassUnexpectedSuccess, false},
		{"greeting accepted", smtptest.Script{}, expect(smtpprobe.DepthConnect, smtperr.ClassGreetingRefused, ""), smtperr.ClassUnexpectedSuccess, false},
		{"message refused", smtptest.Script{Dot: smtptest.Say("554 5.6.0 virus")}, expect(smtpprobe.DepthSend, smtperr.ClassDataRefused, ""), smtperr.ClassDataRefused, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, s := converse(t, plain, tt.script, tt.plan)
			require.Error(t, r.Err)
			require.Equal(t, tt.class, failure(r).Class)
			require.Equal(t, tt.expected, r.Expected)
			require.Equal(t, tt.class == smtperr.ClassDataRefused, wasSent(s, "DATA"))
		})
	}
}

func TestSTARTTLS_Withdrawn(t *testing.T) {
	for _, mode := range []smtpprobe.TLSMode{smtpprobe.TLSOpportunistic, smtpprobe.TLSRequired} {
		r, s := converse(t, plain, smtptest.Script{}, func(p *probing) { p.STARTTLSExpected, p.Target.TLS = true, mode })
		require.Equal(t, smtperr.ClassNotSupported, failure(r).Class)
		require.Equal(t, smtperr.ReasonStartTLSWithdrawn, failure(r).Reason)
		require.True(t, wasSent(s, "QUIT"))
	}
}
