package smtpprobe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// outcome is what a test asks for.
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

// conversation is one case over a connection that itself is in order.
type conversation struct {
	name   string
	script smtptest.Script
	plan   func(*probing)
	want   outcome
	over   []transport // default: all
	unsent []string    // prefixes of commands that must not be sent
	sent   []string    // prefixes of commands that must be
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

func impatient(plan func(*probing)) func(*probing) {
	return func(p *probing) {
		plan(p)
		p.ReadTimeout = 150 * time.Millisecond
	}
}

func offering(extensions ...string) []string { return extensions }

// askAgain never stops asking, but takes a cancellation.
func askAgain(c *smtptest.Conn) error {
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
		name:   "one of two recipients is unknown, and the message goes to the other",
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
		name:   "all recipients are refused by policy",
		script: smtptest.Script{Rcpt: smtptest.Say("550 5.7.1 go away")},
		plan:   send(alice, bob),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonNotAuthorized, phase: smtperr.PhaseRcpt, code: 550, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"DATA"}, sent: []string{"RSET", "QUIT"},
	},
	{
		name:   "relaying is denied in words",
		script: smtptest.Script{Rcpt: smtptest.Say("554 5.7.1 <alice@example.org>: Relay access denied")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonRelayDenied, phase: smtperr.PhaseRcpt, code: 554, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"DATA"},
	},
	{
		name:   "a temporary refusal represents several",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("550 5.1.1 no"), smtptest.Say("450 4.2.1 later"))},
		plan:   rcpt(alice, bob),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonMailboxUnavailableTemp, phase: smtperr.PhaseRcpt, code: 450, enhanced: enhanced(4, 2, 1), temporary: true},
	},
	{
		name:   "251 and 252 accept a recipient",
		script: smtptest.Script{Rcpt: smtptest.Seq(smtptest.Say("251 will forward"), smtptest.Say("252 will try"))},
		plan:   rcpt(alice, bob),
		want:   outcome{phase: smtperr.PhaseDone, code: 252},
		sent:   []string{"RSET", "QUIT"},
	},
	{
		name:   "the relay shuts down between two recipients",
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
		name:   "a shutdown notice behind the reply to MAIL",
		script: smtptest.Script{Mail: smtptest.Say("250 ok", "421 4.4.2 timeout exceeded")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonConnectionDropped, phase: smtperr.PhaseRcpt, code: 421, enhanced: enhanced(4, 4, 2), temporary: true},
		unsent: []string{"RCPT", "RSET"},
	},
	{
		name:   "DATA is answered 250",
		script: smtptest.Script{Data: smtptest.Say("250 ok")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, phase: smtperr.PhaseData, code: 250, temporary: true},
		unsent: []string{"Date:"},
	},
	{
		name:   "DATA is refused for want of recipients, 554",
		script: smtptest.Script{Data: smtptest.Say("554 5.5.1 no valid recipients")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 554, enhanced: enhanced(5, 5, 1)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "DATA is refused for want of recipients, 503",
		script: smtptest.Script{Data: smtptest.Say("503 5.5.1 no valid recipients")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, phase: smtperr.PhaseData, code: 503, enhanced: enhanced(5, 5, 1)},
	},
	{
		name:   "any 2xx accepts the message",
		script: smtptest.Script{Dot: smtptest.Say("251 2.6.0 ok")},
		plan:   send(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 251},
		sent:   []string{"QUIT"}, unsent: []string{"RSET"},
	},
	{
		name:   "a relay that knows only HELO",
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
		name:   "STARTTLS is required of a relay that knows only HELO",
		script: smtptest.Script{EHLO: smtptest.Say("500 5.5.1 what")},
		plan:   ehloOnly,
		over:   []transport{starttls},
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonESMTPUnavailable, phase: smtperr.PhaseSTARTTLS},
		sent:   []string{"QUIT"},
	},
	{
		name:   "AUTH is required of a relay that knows only HELO",
		script: smtptest.Script{EHLO: smtptest.Say("504 5.5.1 what")},
		plan:   login(""),
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonESMTPUnavailable, phase: smtperr.PhaseAuth},
		sent:   []string{"QUIT"}, unsent: []string{"AUTH"},
	},
	{
		name:   "EHLO is refused",
		script: smtptest.Script{EHLO: smtptest.Say("550 5.7.1 not you")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassHeloRefused, reason: smtperr.ReasonRefused, phase: smtperr.PhaseEHLO, code: 550, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"HELO"}, sent: []string{"QUIT"},
	},
	{
		name:   "the lines of a reply disagree",
		script: smtptest.Script{EHLO: smtptest.Say("250-a", "550 b")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonCodeMismatch, phase: smtperr.PhaseEHLO, temporary: true},
		unsent: []string{"QUIT"},
	},
	{
		name:   "an HTTP server",
		script: smtptest.Script{Greeting: smtptest.Say("HTTP/1.1 400 Bad Request", "")},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTPHTTP, phase: smtperr.PhaseGreeting},
		unsent: []string{"EHLO", "QUIT"},
	},
	{
		name:   "an SSH server",
		script: smtptest.Script{Greeting: smtptest.Say("SSH-2.0-OpenSSH_9.2")},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonNotSMTPSSH, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "a TLS alert on a plaintext port",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x01\x00\x02\x02\x46"), smtptest.Silence())},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonTLSOnPlaintextPort, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "a TLS alert that holds an LF",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Raw("\x15\x03\x03\x00\x02\x02\x0a"), smtptest.HalfClose())},
		plan:   ehloOnly,
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonTLSOnPlaintextPort, phase: smtperr.PhaseGreeting},
	},
	{
		name:   "silence instead of a greeting",
		script: smtptest.Script{Greeting: smtptest.Silence()},
		plan:   impatient(ehloOnly),
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoGreeting, phase: smtperr.PhaseGreeting, temporary: true},
		unsent: []string{"EHLO", "QUIT"},
	},
	{
		name:   "STARTTLS is temporarily unavailable",
		script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")},
		plan:   ehloOnly,
		over:   []transport{starttls},
		want:   outcome{class: smtperr.ClassStartTLSRefused, reason: smtperr.ReasonTLSUnavailable, phase: smtperr.PhaseSTARTTLS, code: 454, enhanced: enhanced(4, 7, 0), temporary: true},
		sent:   []string{"QUIT"},
	},
	{
		name:   "opportunistic TLS goes on in plaintext where STARTTLS is refused",
		script: smtptest.Script{StartTLS: smtptest.Say("454 4.7.0 TLS not available")},
		plan:   ehloOnly,
		over:   []transport{opportunistic},
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, 454, phaseOf(t, r, smtperr.PhaseSTARTTLS).Code)
			require.ErrorIs(t, phaseOf(t, r, smtperr.PhaseSTARTTLS).Err, smtperr.ErrStartTLS, "the phase has the refusal that was not the verdict")
		},
	},
	{
		name:   "bytes are injected behind STARTTLS' 220",
		script: smtptest.Script{StartTLS: smtptest.Say("220 go", "250 evil")},
		plan:   ehloOnly,
		over:   []transport{starttls, opportunistic},
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonStartTLSInjection, phase: smtperr.PhaseSTARTTLS, code: 220, temporary: true},
		unsent: []string{"QUIT"},
	},
	{
		name:   "the relay closes after STARTTLS' 220",
		script: smtptest.Script{Handshake: smtptest.HalfClose()},
		plan:   ehloOnly,
		over:   []transport{starttls, opportunistic},
		want:   outcome{class: smtperr.ClassTLSError, reason: smtperr.ReasonClosed, phase: smtperr.PhaseTLS, temporary: true},
	},
	{
		name:   "MAIL needs TLS",
		script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Must issue a STARTTLS command first")},
		plan:   rcpt(alice),
		over:   []transport{plain},
		want:   outcome{class: smtperr.ClassSenderRefused, reason: smtperr.ReasonTLSRequired, phase: smtperr.PhaseMail, code: 530, enhanced: enhanced(5, 7, 0)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "MAIL needs AUTH",
		script: smtptest.Script{Mail: smtptest.Say("530 5.7.0 Authentication required")},
		plan:   rcpt(alice),
		over:   []transport{starttls, implicit},
		want:   outcome{class: smtperr.ClassSenderRefused, reason: smtperr.ReasonAuthRequired, phase: smtperr.PhaseMail, code: 530, enhanced: enhanced(5, 7, 0)},
	},
	{
		name:   "AUTH is refused and the relay closes",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN"), Auth: smtptest.Then(smtptest.Say("535 5.7.8 bad credentials"), smtptest.HalfClose())},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535, enhanced: enhanced(5, 7, 8)},
		check:  oneAuth,
	},
	{
		name:   "AUTH is not offered",
		script: smtptest.Script{},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNotOffered, phase: smtperr.PhaseAuth},
		unsent: []string{"AUTH"}, sent: []string{"QUIT"},
	},
	{
		name:   "no mechanism in common",
		script: smtptest.Script{Extensions: offering("AUTH GSSAPI")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassNotSupported, reason: smtperr.ReasonAuthNoMechanism, phase: smtperr.PhaseAuth},
		unsent: []string{"AUTH"}, sent: []string{"QUIT"},
	},
	{
		name:   "another 2xx to AUTH is no login, but a reply that took its time",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("250 2.7.0 fine")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, phase: smtperr.PhaseAuth, code: 250, enhanced: enhanced(2, 7, 0), temporary: true},
		unsent: []string{"QUIT"},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.NotNil(t, timeOf(r, smtperr.PhaseAuth))
		},
	},
	{
		name:   "a challenge that is no base64",
		script: smtptest.Script{Extensions: offering("AUTH CRAM-MD5"), Auth: smtptest.Say("334 %%%"), AuthResponse: smtptest.Say("501 5.5.2 cancelled")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadChallenge, phase: smtperr.PhaseAuth, code: 334, temporary: true},
		sent:   []string{"*", "QUIT"},
	},
	{
		name:   "challenges without end",
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6"), AuthResponse: askAgain},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonChallengeLoop, phase: smtperr.PhaseAuth, code: 334},
		sent:   []string{"*", "QUIT"},
	},
	{
		name:   "AUTH is said to have happened already",
		script: smtptest.Script{Extensions: offering("AUTH PLAIN"), Auth: smtptest.Say("503 5.5.1 already authenticated")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonBadSequence, phase: smtperr.PhaseAuth, code: 503, enhanced: enhanced(5, 5, 1)},
	},
	{
		name:   "a SCRAM server that does not prove itself",
		script: smtptest.Script{Extensions: offering("AUTH SCRAM-SHA-256"), Auth: smtptest.Say("235 2.7.0 welcome")},
		plan:   login(""),
		want:   outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonServerUnverified, phase: smtperr.PhaseAuth, code: 235, enhanced: enhanced(2, 7, 0)},
		sent:   []string{"QUIT"},
	},
	{
		name:   "the greeting refuses us",
		script: smtptest.Script{Greeting: smtptest.Say("554 5.7.1 no")},
		plan:   ehloOnly,
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonAccessDenied, phase: smtperr.PhaseGreeting, code: 554, enhanced: enhanced(5, 7, 1)},
		unsent: []string{"EHLO"}, sent: []string{"QUIT"},
	},
	{
		name:   "a host that takes no mail",
		script: smtptest.Script{Greeting: smtptest.Say("521 does not accept mail")},
		plan:   ehloOnly,
		over:   []transport{plain, implicit},
		want:   outcome{class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonHostNoMail, phase: smtperr.PhaseGreeting, code: 521},
	},
	{
		name:   "the connection ends after the dot",
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
		name:   "silence after the dot",
		script: smtptest.Script{Dot: smtptest.Silence()},
		plan:   impatient(send(alice)),
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonNoReply, phase: smtperr.PhaseDot, temporary: true},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.True(t, failure(r).OutcomeUnknown)
		},
	},
	{
		name:   "half a reply to the dot is no delivery",
		script: smtptest.Script{Dot: smtptest.Then(smtptest.Raw("250 2.0.0 que"), smtptest.Close())},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDisconnected, reason: smtperr.ReasonTruncatedReply, phase: smtperr.PhaseDot, temporary: true},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.False(t, r.MessageAccepted)
			require.True(t, failure(r).OutcomeUnknown)
		},
	},
	{
		name:   "a reply drips past its deadline",
		script: smtptest.Script{Mail: smtptest.Drip("250 "+strings.Repeat("x", 1000)+"\r\n", 20*time.Millisecond)},
		plan:   impatient(rcpt(alice)),
		want:   outcome{class: smtperr.ClassReadTimeout, reason: smtperr.ReasonSlowReply, phase: smtperr.PhaseMail, temporary: true},
	},
	{
		name:   "a line without end",
		script: smtptest.Script{EHLO: smtptest.Then(smtptest.Raw("250 "), smtptest.Endless("x"))},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonLineTooLong, phase: smtperr.PhaseEHLO, temporary: true},
	},
	{
		name:   "a reply without end",
		script: smtptest.Script{EHLO: smtptest.Endless("250-more\r\n")},
		plan:   ehloOnly,
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonReplyTooLong, phase: smtperr.PhaseEHLO, temporary: true},
	},
	{
		name:   "a bare code accepts, bare line ends and control characters are flagged",
		script: smtptest.Script{Mail: smtptest.Say("250"), Rcpt: smtptest.Raw("250 a\x00b\rc\xff\n")},
		plan:   rcpt(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnBareLF, smtpprobe.WarnBareCR, smtpprobe.WarnNUL, smtpprobe.WarnEightBit}, r.Warnings)
		},
	},
	{
		name:   "the relay talks while idle",
		script: smtptest.Script{Mail: smtptest.Say("250 ok", "250 and another")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseRcpt, temporary: true},
		unsent: []string{"RCPT", "RSET", "QUIT"},
	},
	{
		name:   "the relay accepts a password before it is sent",
		script: smtptest.Script{Extensions: offering("AUTH LOGIN"), Auth: smtptest.Say("334 VXNlcm5hbWU6", "235 2.7.0 welcome")},
		plan:   login("LOGIN"),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseAuth, temporary: true},
		unsent: []string{"dXNlcg==", "QUIT"},
	},
	{
		name:   "the relay accepts a message before it is sent",
		script: smtptest.Script{Data: smtptest.Say("354 go", "250 2.0.0 queued")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnsolicited, phase: smtperr.PhaseBody, temporary: true},
		unsent: []string{"RSET", "QUIT"},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.False(t, r.DotSent)
		},
	},
	{
		name:   "the relay refuses a message before it is sent",
		script: smtptest.Script{Data: smtptest.Say("354 go", "552 5.3.4 too big")},
		plan:   send(alice),
		want:   outcome{class: smtperr.ClassDataRefused, reason: smtperr.ReasonMessageTooLarge, phase: smtperr.PhaseBody, code: 552, enhanced: enhanced(5, 3, 4)},
		unsent: []string{"RSET", "QUIT"},
	},
	{
		name:   "an enhanced code of another class is dropped and flagged",
		script: smtptest.Script{Rcpt: smtptest.Say("550 4.2.1 x")},
		plan:   rcpt(alice),
		want:   outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonMailboxUnavailable, phase: smtperr.PhaseRcpt, code: 550},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnEnhancedMismatch}, r.Warnings)
		},
	},
	{
		name:   "RSET and QUIT fail after everything worked",
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
		name:   "QUIT is answered 421 after everything worked",
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
		name:   "RSET is answered 421 and then the relay is gone",
		script: smtptest.Script{Rset: smtptest.Then(smtptest.Say("421 4.3.2 going down"), smtptest.HalfClose())},
		plan:   rcpt(alice),
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, r *smtpprobe.Result, _ smtptest.Session) {
			require.Len(t, r.Secondary, 1, "that a relay that said 421 goes is no news")
			require.Equal(t, smtperr.ClassServiceUnavailable, classified(t, r.Secondary[0]).Class)
		},
	},
	{
		name:   "nothing is sent before the greeting's last line",
		script: smtptest.Script{Greeting: smtptest.Then(smtptest.Say("220-wait"), smtptest.Pause(60*time.Millisecond), smtptest.Say("220 go"))},
		plan:   ehloOnly,
		want:   outcome{phase: smtperr.PhaseDone, code: 250},
		check: func(t *testing.T, _ *smtpprobe.Result, s smtptest.Session) {
			require.Empty(t, s.Early)
		},
	},
	{
		name:   "no password, nor a hash of it, over TLS that was not verified",
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
		name: "XOAUTH2's error is fetched with an empty response",
		script: smtptest.Script{
			Extensions: offering("AUTH XOAUTH2"), Auth: smtptest.Say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
			AuthResponse: smtptest.Say("535 5.7.8 bad token"),
		},
		plan: func(p *probing) {
			p.Depth = smtpprobe.DepthAuth
			p.Auth = &smtpprobe.Auth{Username: "user", Token: fixedToken("ya29.token"), Cleartext: true}
		},
		want:  outcome{class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth, code: 535, enhanced: enhanced(5, 7, 8)},
		check: oneAuth,
	},
	{
		name:   "an open relay",
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
	cases = append(cases, unavailableEverywhere()...)
	cases = append(cases, authRefusals()...)
	cases = append(cases, badCodes()...)
}

func unavailableEverywhere() []conversation {
	busy := smtptest.Then(smtptest.Say("421 4.3.2 shutting down"), smtptest.HalfClose())
	var list []conversation
	for phase, at := range map[smtperr.Phase]smtptest.Event{
		smtperr.PhaseGreeting: smtptest.AtGreeting, smtperr.PhaseEHLO: smtptest.AtEHLO, smtperr.PhaseSTARTTLS: smtptest.AtStartTLS,
		smtperr.PhaseAuth: smtptest.AtAuth, smtperr.PhaseMail: smtptest.AtMail, smtperr.PhaseData: smtptest.AtData, smtperr.PhaseDot: smtptest.AtDot,
	} {
		c := conversation{
			name:   "421 at " + string(phase),
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
			c.check = oneAuth
		}
		list = append(list, c)
	}
	return list
}

func authRefusals() []conversation {
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
			name:   "AUTH is answered " + reply,
			script: smtptest.Script{Extensions: offering("AUTH PLAIN LOGIN CRAM-MD5"), Auth: smtptest.Say(reply)},
			plan:   login(""),
			want:   want,
			sent:   []string{"QUIT"},
			check:  oneAuth,
		})
	}
	return list
}

func badCodes() []conversation {
	var list []conversation
	for _, line := range []string{"2200 x", "099 x", "600 x", "+22 x", "2_0 x", ""} {
		list = append(list, conversation{
			name:   "the reply " + line,
			script: smtptest.Script{Greeting: smtptest.Say(line)},
			plan:   ehloOnly,
			over:   []transport{plain, implicit},
			want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseGreeting, temporary: true},
			unsent: []string{"EHLO", "QUIT"},
		}, conversation{
			name:   "the reply to MAIL " + line,
			script: smtptest.Script{Mail: smtptest.Say(line)},
			plan:   rcpt(alice),
			want:   outcome{class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseMail, temporary: true},
			unsent: []string{"RCPT", "QUIT"},
		})
	}
	return list
}

func oneAuth(t *testing.T, _ *smtpprobe.Result, s smtptest.Session) {
	attempts := 0
	for _, command := range s.Commands() {
		if strings.HasPrefix(command, "AUTH") {
			attempts++
		}
	}
	require.Equal(t, 1, attempts, "one AUTH attempt only")
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

func (c conversation) run(t *testing.T, tr transport) {
	r, s := converse(t, tr, c.script, c.plan)
	require.Equal(t, c.want, outcomeOf(r), "%v\n%v", r.Err, s.Commands())
	for _, prefix := range c.unsent {
		require.Falsef(t, began(s, prefix), "%s was sent: %q", prefix, s.Commands())
	}
	for _, prefix := range c.sent {
		require.Truef(t, began(s, prefix), "%s was not sent: %q", prefix, s.Commands())
	}
	if c.check != nil {
		c.check(t, r, s)
	}
}
