package smtpprobe_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// outcome is the part of a result that tests compare.
type outcome struct {
	class     smtperr.Class
	reason    smtperr.Reason
	phase     smtperr.Phase
	code      int
	enhanced  smtperr.EnhancedCode
	temporary bool
}

func outcomeOf(r *smtpprobe.Result) outcome {
	got := outcome{phase: smtperr.PhaseDone}
	if r.Err != nil {
		got = outcome{class: failure(r).Class, reason: failure(r).Reason, phase: failure(r).Phase, temporary: failure(r).Temporary()}
	}
	if r.Reply != nil {
		got.code = r.Reply.Code
		if r.Err != nil {
			got.enhanced = r.Reply.Enhanced
		}
	}
	return got
}

// conversation is a test case: a session with a scripted relay.
type conversation struct {
	name   string
	script smtptest.Script
	plan   func(*probing)
	want   outcome
	over   []transport // nil means all
	unsent []string    // prefixes of commands that must not be sent
	sent   []string    // prefixes of commands that must be sent
	check  func(*testing.T, *smtpprobe.Result, smtptest.Session)
}

func enhanced(class, subject, detail int) smtperr.EnhancedCode {
	return smtperr.EnhancedCode{Class: class, Subject: subject, Detail: detail}
}

func ehloOnly(p *probing) { p.Depth = smtpprobe.DepthEHLO }

func send(to ...string) func(*probing) {
	return func(p *probing) { p.Depth, p.To = smtpprobe.DepthSend, to }
}

func rcpt(to ...string) func(*probing) {
	return func(p *probing) { p.Depth, p.To = smtpprobe.DepthRcpt, to }
}

func login(mechanism string) func(*probing) {
	return func(p *probing) {
		p.Depth = smtpprobe.DepthAuth
		p.Auth = &smtpprobe.Auth{Username: "user", Password: "secret-pw", Mechanism: mechanism, Cleartext: true}
	}
}

// withReadTimeout sets a short timeout, for replies that are not sent.
func withReadTimeout(plan func(*probing)) func(*probing) {
	return func(p *probing) {
		plan(p)
		p.ReadTimeout = 150 * time.Millisecond
	}
}

func offering(extensions ...string) []string { return extensions }

// anotherChallenge sends challenges until AUTH is canceled.
func anotherChallenge(c *smtptest.Conn) error {
	if c.Line() == "*" {
		return smtptest.Say("501 5.5.2 cancelled")(c)
	}
	return smtptest.Say("334 VXNlcm5hbWU6")(c)
}

const (
	alice = "alice@example.org"
	bob   = "bob@example.org"
)

var cases = []conversation{
	{
		name:   "one of two recipients unknown",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Say("550 5.1.1 no such user"))},
		plan:   send(alice, bob),
		want:   outcome{class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnknown, phase: smtperr.PhaseRcpt, code: 550, enhanced: enhanced(5, 1, 1)},
		sent:   []string{"DATA", "QUIT"},
		check: func(t *testing.T, r *smtpprobe.Result, s smtptest.Session) {
			require.True(t, r.MessageAccepted)
			require.Equal(t, []string{"<" + alice + ">"}, s.Messages[0].Recipients)
			require.True(t, r.Recipients[0].Accepted)
			require.Equal(t, bob, failure(r).Recipients[0].Recipient)
		},
	},
	{
		name:   "all recipients refused by policy",
		script: smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 go away")},
		plan:   send(alice, bob),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonNotAuthorized, phase: smtperr.PhaseRcpt, code: 550, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"DATA"}, sent: []string{"RSET", "QUIT"},
	},
	{
		name:   "relaying denied in words",
		script: smtptest.Script{Rcpt: smtptest.Say("554 5.7.1 <alice@example.org>: Relay access denied")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonRelayDenied, phase: smtperr.PhaseRcpt, code: 554, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"DATA"},
	},
	{
		name:   "permanent and temporary refusal",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("550 5.1.1 no"), smtptest.Say("450 4.2.1 later"))},
		plan:   rcpt(alice, bob),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonMailboxUnavailableTemp, phase: smtperr.PhaseRcpt, code: 450, enhanced: enhanced(4, 2, 1), temporary: true},
	},
	{
		name:   "251 and 252 to RCPT",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("251 will forward"), smtptest.Say("252 will try"))},
		plan:   rcpt(alice, bob),
		want:   outcome{phase: smtperr.PhaseDone, code: 252},
		sent:   []string{"RSET", "QUIT"},
	},
	{
		name:   "421 to the second RCPT",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Healthy(), smtptest.Then(smtptest.Say("421 4.3.2 shutting down"), smtptest.HalfClose()))},
		plan:   send(alice, bob),
		want:   outcome{class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonNotAccepting, phase: smtperr.PhaseRcpt, code: 421, enhanced: enhanced(4, 3, 2), temporary: true},
		unsent: []string{"DATA", "RSET"},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Len(t, r.Recipients, 2)
			require.True(t, r.Recipients[0].Accepted)
			require.False(t, r.Recipients[1].Accepted)
		},
	},
	{
		name:   "unsolicited 421 after MAIL",
		script: smtptest.Script{Mail: smtptest.Say("250 ok", "421 4.4.2 timeout exceeded")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonConnectionDropped, phase: smtperr.PhaseRcpt, code: 421, enhanced: enhanced(4, 4, 2), temporary: true},
		unsent: []string{"RCPT", "RSET"},
	},
	{
		name:   "250 to DATA",
		script: smtptest.Script{Data: smtptest.Say("250 ok")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, phase: smtperr.PhaseData, code: 250, temporary: true},
		unsent: []string{"Date:"},
	},
	{
		name:   "554 to DATA, no recipients",
		script: smtptest.Script{Data: smtptest.Say("554 5.5.1 no valid recipients")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 554, enhanced: enhanced(5, 5, 1)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "503 to DATA, no recipients",
		script: smtptest.Script{Data: smtptest.Say("503 5.5.1 no valid recipients")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 503, enhanced: enhanced(5, 5, 1)},
	},
	{
		name:   "251 to the message",
		script: smtptest.Script{Dot: smtptest.Say("251 2.6.0 ok")},
		plan:   send(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 251},
		sent:   []string{"QUIT"}, unsent: []string{"RSET"},
	},
	{
		name:   "HELO only",
		script: smtptest.Script{EHLO: smtptest.Say("502 5.5.1 not implemented")},
		plan:   ehloOnly,
		over:   []transport{plain, implicit},
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, s smtptest.Session) {
			require.Equal(t, []string{"EHLO probe.test", "HELO probe.test", "QUIT"}, s.Commands())
			require.Nil(t, r.Capabilities)
		},
	},
	{
		name:   "HELO only, STARTTLS required",
		script: smtptest.Script{EHLO: smtptest.Say("500 5.5.1 what")},
		plan:   ehloOnly,
		over:   []transport{starttls},
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonESMTPUnavailable, phase: smtperr.PhaseSTARTTLS},
		sent:   []string{"QUIT"},
	},
	{
		name:   "HELO only, AUTH required",
		script: smtptest.Script{EHLO: smtptest.Say("504 5.5.1 what")},
		plan:   login(""),
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonESMTPUnavailable, phase: smtperr.PhaseAuth},
		sent:   []string{"QUIT"}, unsent: []string{"AUTH"},
	},
	{
		name:   "EHLO refused",
		script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassHeloRefused, reason: smtperr.ReasonRefused, phase: smtperr.PhaseEHLO, code: 550, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"HELO"}, sent: []string{"QUIT"},
	},
	{
		name:   "different codes in one reply",
		script: smtptest.Script{EHLO: smtptest.Say("250-a", "550 b")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonCodeMismatch, phase: smtperr.PhaseEHLO, temporary: true},
		unsent: []string{"QUIT"},
	},
	{
		name:   "HTTP server",
		script: smtptest.Script{Greeting: smtptest.Say("HTTP/1.1 400 Bad Request", "")},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTPHTTP, phase: smtperr.PhaseGreeting},
		unsent: []string{"EHLO", "QUIT"},
	},
	{
		name:   "SSH server",
		script: smtptest.Script{Greeting: smtptest.Say("SSH-2.0-OpenSSH_9.2")},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTPSSH, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "TLS alert as greeting",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonTLSOnPlaintextPort, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "TLS alert with an LF as greeting",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x03\x00\x02\x02\x0a"), smtptest.HalfClose())},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonTLSOnPlaintextPort, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "no greeting",
		script: smtptest.Script{Greeting: smtptest.Silence()},
		plan:   withReadTimeout(ehloOnly),
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoGreeting, phase: smtperr.PhaseGreeting, temporary: true},
		unsent: []string{"EHLO", "QUIT"},
	},
	{
		name:   "454 to STARTTLS",
		script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")},
		plan:   ehloOnly,
		over:   []transport{starttls},
		want:   outcome{class: smtperr.ClassStartTLSRefused, reason: smtperr.ReasonTLSUnavailable, phase: smtperr.PhaseSTARTTLS, code: 454, enhanced: enhanced(4, 7, 0), temporary: true},
		sent:   []string{"QUIT"},
	},
	{
		name:   "454 to STARTTLS, opportunistic TLS",
		script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")},
		plan:   ehloOnly,
		over:   []transport{opportunistic},
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, 454, phaseOf(t, r, smtperr.PhaseSTARTTLS).Code)
			require.ErrorIs(t, phaseOf(t, r, smtperr.PhaseSTARTTLS).Err, smtperr.ErrStartTLS, "the error of the phase")
		},
	},
	{
		name:   "data after the reply to STARTTLS",
		script: smtptest.Script{StartTLS: smtptest.Say("220 go", "250 evil")},
		plan:   ehloOnly,
		over:   []transport{starttls, opportunistic},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonStartTLSInjection, phase: smtperr.PhaseSTARTTLS, code: 220, temporary: true},
		unsent: []string{"QUIT"},
	},
	{
		name:   "closed after the reply to STARTTLS",
		script: smtptest.Script{Handshake: smtptest.HalfClose()},
		plan:   ehloOnly,
		over:   []transport{starttls, opportunistic},
		want:   outcome{class: smtperr.ClassTLSError, reason: smtperr.ReasonClosed, phase: smtperr.PhaseTLS, temporary: true},
	},
	{
		name:   "MAIL requires TLS",
		script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Must issue a STARTTLS command first")},
		plan:   rcpt(alice),
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassSenderRefused, reason: smtperr.ReasonTLSRequired, phase: smtperr.PhaseMail, code: 530, enhanced: enhanced(5, 7, 0)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "MAIL requires AUTH",
		script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Authentication required")},
		plan:   rcpt(alice),
		over:   []transport{starttls, implicit},
		want:   outcome{class: smtperr.ClassSenderRefused, reason: smtperr.ReasonAuthRequired, phase: smtperr.PhaseMail, code: 530, enhanced: enhanced(5, 7, 0)},
	},
	{
		name:   "closed after AUTH was refused",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: smtptest.Then(smtptest.Say("535 5.7.8 bad credentials"), smtptest.HalfClose())},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535, enhanced: enhanced(5, 7, 8)},
		check:  requireOneAuth,
	},
	{
		name:   "AUTH not offered",
		script: smtptest.Script{},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNotOffered, phase: smtperr.PhaseAuth},
		unsent: []string{"AUTH"}, sent: []string{"QUIT"},
	},
	{
		name:   "no common mechanism",
		script: smtptest.Script{Extensions: offering("AUTH GSSAPI")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, phase: smtperr.PhaseAuth},
		unsent: []string{"AUTH"}, sent: []string{"QUIT"},
	},
	{
		name:   "250 to AUTH",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("250 2.7.0 fine")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, phase: smtperr.PhaseAuth, code: 250, enhanced: enhanced(2, 7, 0), temporary: true},
		unsent: []string{"QUIT"},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.NotNil(t, timeOf(r, smtperr.PhaseAuth))
		},
	},
	{
		name:   "challenge not in base64",
		script: smtptest.Script{Extensions: offering("AUTH CRAM-MD5"), Auth: smtptest.Say("334 %%%"), AuthResponse: smtptest.Say("501 5.5.2 cancelled")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge, phase: smtperr.PhaseAuth, code: 334, temporary: true},
		sent:   []string{"*", "QUIT"},
	},
	{
		name:   "endless challenges",
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6"), AuthResponse: anotherChallenge},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonChallengeLoop, phase: smtperr.PhaseAuth, code: 334},
		sent:   []string{"*", "QUIT"},
	},
	{
		name:   "503 to AUTH",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("503 5.5.1 already authenticated")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonBadSequence, phase: smtperr.PhaseAuth, code: 503, enhanced: enhanced(5, 5, 1)},
	},
	{
		name:   "SCRAM server without proof",
		script: smtptest.Script{Extensions: offering("AUTH SCRAM-SHA-256"), Auth: smtptest.Say("235 2.7.0 welcome")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonServerUnverified, phase: smtperr.PhaseAuth, code: 235, enhanced: enhanced(2, 7, 0)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "greeting refused",
		script: smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no")},
		plan:   ehloOnly,
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonAccessDenied, phase: smtperr.PhaseGreeting, code: 554, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"EHLO"}, sent: []string{"QUIT"},
	},
	{
		name:   "521 greeting",
		script: smtptest.Script{Greeting: smtptest.Say("521 does not accept mail")},
		plan:   ehloOnly,
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonHostNoMail, phase: smtperr.PhaseGreeting, code: 521},
	},
	{
		name:   "closed after the final dot",
		script: smtptest.Script{Dot: smtptest.Close()},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed, phase: smtperr.PhaseDot, temporary: true},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.True(t, failure(r).OutcomeUnknown)
			require.False(t, r.MessageAccepted)
			require.Contains(t, failure(r).Error(), "unknown")
		},
	},
	{
		name:   "no reply to the message",
		script: smtptest.Script{Dot: smtptest.Silence()},
		plan:   withReadTimeout(send(alice)),
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply, phase: smtperr.PhaseDot, temporary: true},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.True(t, failure(r).OutcomeUnknown)
		},
	},
	{
		name:   "truncated reply to the message",
		script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.Close())},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDisconnected, reason: smtperr.ReasonTruncatedReply, phase: smtperr.PhaseDot, temporary: true},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.False(t, r.MessageAccepted)
			require.True(t, failure(r).OutcomeUnknown)
		},
	},
	{
		name:   "slow reply",
		script: smtptest.Script{Mail: smtptest.Drip("250 "+strings.Repeat("x", 1000)+"\r\n", 20*time.Millisecond)},
		plan:   withReadTimeout(rcpt(alice)),
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonSlowReply, phase: smtperr.PhaseMail, temporary: true},
	},
	{
		name:   "endless line",
		script: smtptest.Script{EHLO: smtptest.Then(smtptest.Raw("250 "), smtptest.Endless("x"))},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonLineTooLong, phase: smtperr.PhaseEHLO, temporary: true},
	},
	{
		name:   "endless reply",
		script: smtptest.Script{EHLO: smtptest.Endless("250-more\r\n")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong, phase: smtperr.PhaseEHLO, temporary: true},
	},
	{
		name:   "code without text, bare line ends and control characters",
		script: smtptest.Script{Mail: smtptest.Say("250"), Rcpt: smtptest.Raw("250 a\x00b\rc\xff\n")},
		plan:   rcpt(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnBareLF, smtpprobe.WarnBareCR, smtpprobe.WarnNUL, smtpprobe.WarnEightBit}, r.Warnings)
		},
	},
	{
		name:   "unsolicited reply after MAIL",
		script: smtptest.Script{Mail: smtptest.Say("250 ok", "250 and another")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseRcpt, temporary: true},
		unsent: []string{"RCPT", "RSET", "QUIT"},
	},
	{
		name:   "235 before the response",
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6", "235 2.7.0 welcome")},
		plan:   login("LOGIN"),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseAuth, temporary: true},
		unsent: []string{"dXNlcg==", "QUIT"},
	},
	{
		name:   "250 before the message",
		script: smtptest.Script{Data: smtptest.Say("354 go", "250 2.0.0 queued")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseBody, temporary: true},
		unsent: []string{"RSET", "QUIT"},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.False(t, r.DotSent)
		},
	},
	{
		name:   "552 before the message",
		script: smtptest.Script{Data: smtptest.Say("354 go", "552 5.3.4 too big")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonMessageTooLarge, phase: smtperr.PhaseBody, code: 552, enhanced: enhanced(5, 3, 4)},
		unsent: []string{"RSET", "QUIT"},
	},
	{
		name:   "enhanced code of another class",
		script: smtptest.Script{Rcpt: smtptest.Say("550 4.2.1 x")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonMailboxUnavailable, phase: smtperr.PhaseRcpt, code: 550},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnEnhancedMismatch}, r.Warnings)
		},
	},
	{
		name:   "RSET refused, closed after QUIT",
		script: smtptest.Script{Rset: smtptest.Say("500 5.5.1 what"), Quit: smtptest.Close()},
		plan:   rcpt(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Len(t, r.Secondary, 2)
			require.Equal(t, smtperr.ClassResponseError, classified(t, r.Secondary[0]).Class)
			require.Equal(t, smtperr.ClassDisconnected, classified(t, r.Secondary[1]).Class)
			require.Nil(t, timeOf(r, smtperr.PhaseQuit), "QUIT got no reply")
		},
	},
	{
		name:   "421 to QUIT",
		script: smtptest.Script{Quit: smtptest.Say("421 4.3.2 going down")},
		plan:   send(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.True(t, r.MessageAccepted)
			require.Len(t, r.Secondary, 1)
			require.Equal(t, smtperr.ClassServiceUnavailable, classified(t, r.Secondary[0]).Class)
		},
	},
	{
		name:   "421 to RSET, then closed",
		script: smtptest.Script{Rset: smtptest.Then(smtptest.Say("421 4.3.2 going down"), smtptest.HalfClose())},
		plan:   rcpt(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Len(t, r.Secondary, 1, "the closed connection is not reported after a 421")
			require.Equal(t, smtperr.ClassServiceUnavailable, classified(t, r.Secondary[0]).Class)
		},
	},
	{
		name:   "greeting in two parts",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait"), smtptest.Pause(60*time.Millisecond), smtptest.Say("220 go"))},
		plan:   ehloOnly,
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, _ *smtpprobe.Result, s smtptest.Session) {
			require.Empty(t, s.Early)
		},
	},
	{
		name:   "AUTH without verified TLS",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256")},
		plan: func(p *probing) {
			login("")(p)
			p.Auth.Cleartext = false
		},
		over:   []transport{opportunistic, plain},
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonCleartextAuthForbidden, phase: smtperr.PhaseAuth},
		unsent: []string{"AUTH"}, sent: []string{"QUIT"},
	},
	{
		name: "XOAUTH2 error challenge",
		script: smtptest.Script{
			Extensions: offering("AUTH XOAUTH2"), Auth: smtptest.Say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
			AuthResponse: smtptest.Say("535 5.7.8 bad token"),
		},
		plan: func(p *probing) {
			p.Depth = smtpprobe.DepthAuth
			p.Auth = &smtpprobe.Auth{Username: "user", Token: fixedToken("ya29.token"), Cleartext: true}
		},
		want:  outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535, enhanced: enhanced(5, 7, 8)},
		check: requireOneAuth,
	},
	{
		name:   "open relay",
		script: smtptest.Script{},
		plan: func(p *probing) {
			send(alice)(p)
			p.Expect = []smtpprobe.Expectation{{Class: smtperr.ClassRecipientsRefused}}
		},
		want:   outcome{class: smtperr.ClassUnexpectedSuccess, reason: smtperr.ReasonOpenRelay, phase: smtperr.PhaseRcpt, code: 250, enhanced: enhanced(2, 1, 5)},
		unsent: []string{"DATA"}, sent: []string{"RSET", "QUIT"},
	},
}

func init() {
	cases = append(cases, closing421()...)
	cases = append(cases, refusedAuth()...)
	cases = append(cases, badCodes()...)
}

// closing421 has a 421 in each phase.
func closing421() []conversation {
	busy := smtptest.Then(smtptest.Say("421 4.3.2 shutting down"), smtptest.HalfClose())
	var list []conversation
	for phase, at := range map[smtperr.Phase]smtptest.Event{
		smtperr.PhaseGreeting: smtptest.AtGreeting, smtperr.PhaseEHLO: smtptest.AtEHLO, smtperr.PhaseSTARTTLS: smtptest.AtStartTLS,
		smtperr.PhaseAuth: smtptest.AtAuth, smtperr.PhaseMail: smtptest.AtMail, smtperr.PhaseData: smtptest.AtData, smtperr.PhaseDot: smtptest.AtDot,
	} {
		c := conversation{
			name:   "421 in " + string(phase),
			script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: smtptest.Say("235 2.7.0 welcome")}.With(at, busy),
			plan: func(p *probing) {
				login("")(p)
				send(alice)(p)
			},
			want:   outcome{class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonNotAccepting, phase: phase, code: 421, enhanced: enhanced(4, 3, 2), temporary: true},
			unsent: []string{"HELO", "RSET"},
		}
		switch phase {
		case smtperr.PhaseGreeting:
			c.over = []transport{plain, implicit}
		case smtperr.PhaseSTARTTLS:
			c.over = []transport{starttls, opportunistic}
		case smtperr.PhaseAuth:
			c.check = requireOneAuth
		}
		list = append(list, c)
	}
	return list
}

func refusedAuth() []conversation {
	var list []conversation
	for reply, want := range map[string]outcome{
		"535 5.7.8 no":  {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535, enhanced: enhanced(5, 7, 8)},
		"534 5.7.9 no":  {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthMechanismWeak, phase: smtperr.PhaseAuth, code: 534, enhanced: enhanced(5, 7, 9)},
		"538 5.7.11 no": {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonTLSRequired, phase: smtperr.PhaseAuth, code: 538, enhanced: enhanced(5, 7, 11)},
		"454 4.7.0 no":  {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthTemporary, phase: smtperr.PhaseAuth, code: 454, enhanced: enhanced(4, 7, 0), temporary: true},
		"432 4.7.12 no": {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonPasswordTransition, phase: smtperr.PhaseAuth, code: 432, enhanced: enhanced(4, 7, 12), temporary: true},
		"504 5.7.4 no":  {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthMechanismUnsupported, phase: smtperr.PhaseAuth, code: 504, enhanced: enhanced(5, 7, 4)},
		"500 5.5.6 no":  {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthLineTooLong, phase: smtperr.PhaseAuth, code: 500, enhanced: enhanced(5, 5, 6)},
		"535 no":        {class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535},
	} {
		list = append(list, conversation{
			name:   reply + " to AUTH",
			script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN CRAM-MD5"), Auth: smtptest.Say(reply)},
			plan:   login(""),
			want:   want,
			sent:   []string{"QUIT"},
			check:  requireOneAuth,
		})
	}
	return list
}

func badCodes() []conversation {
	var list []conversation
	for _, line := range []string{"2200 x", "099 x", "600 x", "+22 x", "2_0 x", ""} {
		list = append(list, conversation{
			name:   strconv.Quote(line) + " as greeting",
			script: smtptest.Script{Greeting: smtptest.Say(line)},
			plan:   ehloOnly,
			over:   []transport{plain, implicit},
			want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseGreeting, temporary: true},
			unsent: []string{"EHLO", "QUIT"},
		}, conversation{
			name:   strconv.Quote(line) + " to MAIL",
			script: smtptest.Script{Mail: smtptest.Say(line)},
			plan:   rcpt(alice),
			want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseMail, temporary: true},
			unsent: []string{"RCPT", "QUIT"},
		})
	}
	return list
}

// requireOneAuth checks that there was only one attempt to authenticate.
func requireOneAuth(t *testing.T, _ *smtpprobe.Result, s smtptest.Session) {
	attempts := 0
	for _, command := range s.Commands() {
		if strings.HasPrefix(command, "AUTH") {
			attempts++
		}
	}
	require.Equal(t, 1, attempts)
}

func TestProbe_Replies(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		over := c.over
		if over == nil {
			over = []transport{plain, starttls, implicit}
		}
		for _, tr := range over {
			t.Run(c.name+" over "+string(tr), func(t *testing.T) {
				t.Parallel()
				c.run(t, tr)
			})
		}
	}
}

func (c *conversation) start(t *testing.T, tr transport) *smtptest.Server {
	t.Helper()
	return startRelay(t, tr, c.script)
}

func (c *conversation) run(t *testing.T, tr transport) {
	t.Helper()
	r, s := converse(t, tr, c.script, c.plan)
	c.verify(t, r, s)
}

// verify checks the result, and the session as the relay recorded it.
func (c *conversation) verify(t *testing.T, r *smtpprobe.Result, s smtptest.Session) {
	t.Helper()
	require.Equal(t, c.want, outcomeOf(r), "%v\n%v", r.Err, s.Commands())
	for _, prefix := range c.unsent {
		require.Falsef(t, wasSent(s, prefix), "%s was sent: %q", prefix, s.Commands())
	}
	for _, prefix := range c.sent {
		require.Truef(t, wasSent(s, prefix), "%s was not sent: %q", prefix, s.Commands())
	}
	if c.check != nil {
		c.check(t, r, s)
	}
}
