package smtperr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func reply(code int, text string) smtperr.Reply { return smtperr.NewReply(code, []string{text}) }

func TestClassifyReply(t *testing.T) {
	accepted := smtperr.Session{RecipientAccepted: true}
	for _, tt := range []struct {
		name      string
		phase     smtperr.Phase
		code      int
		text      string
		c         smtperr.Session
		class     smtperr.Class
		reason    smtperr.Reason
		temporary bool
		fault     smtperr.Fault
	}{
		{"any 2xx accepts EHLO", smtperr.PhaseEHLO, 299, "ok", smtperr.Session{}, smtperr.ClassNone, "", false, ""},
		{"any 3xx accepts DATA", smtperr.PhaseData, 399, "go", smtperr.Session{}, smtperr.ClassNone, "", false, ""},
		{"only 220 greets", smtperr.PhaseGreeting, 250, "ok", smtperr.Session{}, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, smtperr.FaultRelay},
		{"only 220 starts TLS", smtperr.PhaseSTARTTLS, 250, "ok", smtperr.Session{}, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, smtperr.FaultRelay},
		{"only 235 authenticates", smtperr.PhaseAuth, 250, "ok", smtperr.Session{}, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, smtperr.FaultRelay},
		{"a 503 after a 235 is no failure", smtperr.PhaseAuth, 503, "already", smtperr.Session{Authenticated: true}, smtperr.ClassNone, "", false, ""},
		{"a code outside 200 to 599 is none", smtperr.PhaseMail, 620, "x", smtperr.Session{}, smtperr.ClassProtocolError, smtperr.ReasonBadCode, true, smtperr.FaultRelay},
		{"a 3xx where a 2xx is due", smtperr.PhaseMail, 354, "x", smtperr.Session{}, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, smtperr.FaultRelay},

		{"421 in any phase", smtperr.PhaseMail, 421, "4.7.0 too many connections from you", smtperr.Session{}, smtperr.ClassServiceUnavailable, smtperr.ReasonRateLimited, true, smtperr.FaultProber},
		{"a large detail counts in the greeting, too", smtperr.PhaseGreeting, 554, "5.7.25 no PTR", smtperr.Session{}, smtperr.ClassGreetingRefused, smtperr.ReasonRDNS, false, smtperr.FaultProber},
		{"a greeting's 4xx", smtperr.PhaseGreeting, 450, "later", smtperr.Session{}, smtperr.ClassGreetingRefused, smtperr.ReasonRefused, true, smtperr.FaultRelay},
		{"EHLO refused for now is the relay's fault", smtperr.PhaseEHLO, 450, "later", smtperr.Session{}, smtperr.ClassHeloRefused, smtperr.ReasonRefused, true, smtperr.FaultRelay},
		{"EHLO refused for good is the configuration's", smtperr.PhaseEHLO, 550, "no", smtperr.Session{}, smtperr.ClassHeloRefused, smtperr.ReasonRefused, false, smtperr.FaultConfig},
		{"STARTTLS 454 whatever its enhanced code", smtperr.PhaseSTARTTLS, 454, "4.3.0 x", smtperr.Session{}, smtperr.ClassStartTLSRefused, smtperr.ReasonTLSUnavailable, true, smtperr.FaultRelay},

		{"details compare as numbers", smtperr.PhaseAuth, 535, "5.7.139 Authentication unsuccessful", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonAuthDisabled, false, smtperr.FaultConfig},
		{"AUTH 500 of an overlong line", smtperr.PhaseAuth, 500, "too long", smtperr.Session{OverlongLine: true}, smtperr.ClassAuthFailed, smtperr.ReasonAuthLineTooLong, false, smtperr.FaultCredentials},
		{"AUTH 500 of a short line", smtperr.PhaseAuth, 500, "what", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonRefused, false, smtperr.FaultCredentials},
		{"AUTH 530 5.7.0 before TLS", smtperr.PhaseMail, 530, "5.7.0 x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonTLSRequired, false, smtperr.FaultConfig},
		{"530 where AUTH is offered", smtperr.PhaseMail, 530, "x", smtperr.Session{AuthOffered: true}, smtperr.ClassSenderRefused, smtperr.ReasonAuthRequired, false, smtperr.FaultConfig},
		{"530 inside TLS", smtperr.PhaseRcpt, 530, "x", smtperr.Session{TLS: true}, smtperr.ClassRecipientRefused, smtperr.ReasonAuthRequired, false, smtperr.FaultConfig},

		{"RCPT 552 after an accepted recipient is too many", smtperr.PhaseRcpt, 552, "too many", accepted, smtperr.ClassRecipientRefused, smtperr.ReasonTooManyRecipients, true, smtperr.FaultMessage},
		{"RCPT 552 5.5.3 after an accepted recipient", smtperr.PhaseRcpt, 552, "5.5.3 too many", accepted, smtperr.ClassRecipientRefused, smtperr.ReasonTooManyRecipients, true, smtperr.FaultMessage},
		{"RCPT 552 5.2.2 after an accepted recipient is that mailbox", smtperr.PhaseRcpt, 552, "5.2.2 full", accepted, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxFull, false, smtperr.FaultMessage},
		{"RCPT 552 first", smtperr.PhaseRcpt, 552, "full", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxFull, false, smtperr.FaultMessage},
		{"RCPT 452 first", smtperr.PhaseRcpt, 452, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonSystemFull, true, smtperr.FaultRelay},
		{"RCPT 452 after an accepted one", smtperr.PhaseRcpt, 452, "x", accepted, smtperr.ClassRecipientRefused, smtperr.ReasonTooManyRecipients, true, smtperr.FaultMessage},
		{"RCPT 550 is never unknown", smtperr.PhaseRcpt, 550, "no such user", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, false, smtperr.FaultMessage},
		{"RCPT 556 5.1.10", smtperr.PhaseRcpt, 556, "5.1.10 null MX", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonNullMX, false, smtperr.FaultMessage},
		{"RCPT 550 5.1.10", smtperr.PhaseRcpt, 550, "5.1.10 gone", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnknown, false, smtperr.FaultMessage},
		{"RCPT 550 5.4.1", smtperr.PhaseRcpt, 550, "5.4.1 x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, false, smtperr.FaultMessage},
		{"dot 451 4.4.1", smtperr.PhaseDot, 451, "4.4.1 x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonNextHopUnreachable, true, smtperr.FaultRelay},
		{"an unlisted detail goes by its subject", smtperr.PhaseRcpt, 550, "5.1.99 x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonAddressNotAllowed, false, smtperr.FaultMessage},
		{"subject 3 has a reason of its own", smtperr.PhaseRcpt, 550, "5.3.9 x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonSystemError, false, smtperr.FaultRelay},
		{"subject 6 has a reason of its own", smtperr.PhaseDot, 554, "5.6.1 x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonContent, false, smtperr.FaultMessage},
		{"5.7.4 outside AUTH is not listed", smtperr.PhaseRcpt, 550, "5.7.4 x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonPolicy, false, smtperr.FaultMessage},
		{"an enhanced code of another class is dropped", smtperr.PhaseRcpt, 550, "4.2.1 x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, false, smtperr.FaultMessage},

		{"relaying denied", smtperr.PhaseRcpt, 454, "4.7.1 <x@y>: Relay access denied", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, true, smtperr.FaultConfig},
		{"relay not permitted", smtperr.PhaseRcpt, 550, "relay not permitted", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, false, smtperr.FaultConfig},
		{"unable to relay", smtperr.PhaseRcpt, 550, "5.7.1 Unable to relay for x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, false, smtperr.FaultConfig},
		{"a word that only contains relay", smtperr.PhaseRcpt, 550, "relayer denied", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, false, smtperr.FaultMessage},
		{"relaying denied to MAIL", smtperr.PhaseMail, 550, "relaying denied", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonRelayDenied, false, smtperr.FaultConfig},
		{"greylisted stays the message's", smtperr.PhaseRcpt, 450, "4.2.0 Greylisted for 300 s", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonGreylisted, true, smtperr.FaultMessage},
		{"greylisting does not make a 5xx temporary", smtperr.PhaseRcpt, 550, "greylisted", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailable, false, smtperr.FaultMessage},
		{"graylisted, in the other spelling", smtperr.PhaseRcpt, 451, "4.7.1 Graylisting in action", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonGreylisted, true, smtperr.FaultMessage},
		{"relaying prohibited", smtperr.PhaseRcpt, 553, "RELAYING IS PROHIBITED here", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, false, smtperr.FaultConfig},
		{"a denial before the relay", smtperr.PhaseRcpt, 550, "denied by the relay", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, false, smtperr.FaultConfig},
		{"relaying denied for now, by another code than 454", smtperr.PhaseRcpt, 452, "relaying denied", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRelayDenied, true, smtperr.FaultConfig},
		{"rate limited", smtperr.PhaseMail, 450, "rate limited", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonRateLimited, true, smtperr.FaultProber},
		{"too many connections, as a 5xx", smtperr.PhaseMail, 550, "too many connections", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonRateLimited, false, smtperr.FaultProber},
		{"a rate limit in words", smtperr.PhaseMail, 450, "4.3.0 Rate limit exceeded", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonRateLimited, true, smtperr.FaultProber},

		{"451 is a fault of the relay in any phase", smtperr.PhaseMail, 451, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonSystemError, true, smtperr.FaultRelay},
		{"521 as greeting", smtperr.PhaseGreeting, 521, "x", smtperr.Session{}, smtperr.ClassGreetingRefused, smtperr.ReasonHostNoMail, false, smtperr.FaultRelay},
		{"521 elsewhere", smtperr.PhaseMail, 521, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonRefused, false, smtperr.FaultMessage},
		{"AUTH 535 alone", smtperr.PhaseAuth, 535, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, false, smtperr.FaultCredentials},
		{"AUTH 534 alone", smtperr.PhaseAuth, 534, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonAuthMechanismWeak, false, smtperr.FaultCredentials},
		{"AUTH 538 alone", smtperr.PhaseAuth, 538, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonTLSRequired, false, smtperr.FaultConfig},
		{"AUTH 432 alone", smtperr.PhaseAuth, 432, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonPasswordTransition, true, smtperr.FaultRelay},
		{"AUTH 454 alone", smtperr.PhaseAuth, 454, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonAuthTemporary, true, smtperr.FaultRelay},
		{"AUTH 504 alone", smtperr.PhaseAuth, 504, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonAuthMechanismUnsupported, false, smtperr.FaultConfig},
		{"AUTH 503 without a 235", smtperr.PhaseAuth, 503, "x", smtperr.Session{}, smtperr.ClassAuthFailed, smtperr.ReasonBadSequence, false, smtperr.FaultCredentials},
		{"523 wants TLS", smtperr.PhaseMail, 523, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonTLSRequired, false, smtperr.FaultConfig},
		{"524 wants TLS", smtperr.PhaseRcpt, 524, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonTLSRequired, false, smtperr.FaultConfig},
		{"RCPT 450 alone", smtperr.PhaseRcpt, 450, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxUnavailableTemp, true, smtperr.FaultMessage},
		{"RCPT 551 alone", smtperr.PhaseRcpt, 551, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonMailboxMoved, false, smtperr.FaultMessage},
		{"RCPT 556 alone", smtperr.PhaseRcpt, 556, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonNullMX, false, smtperr.FaultMessage},
		{"MAIL 553", smtperr.PhaseMail, 553, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonAddressNotAllowed, false, smtperr.FaultMessage},
		{"RCPT 553", smtperr.PhaseRcpt, 553, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonAddressNotAllowed, false, smtperr.FaultMessage},
		{"MAIL 455", smtperr.PhaseMail, 455, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonParameters, true, smtperr.FaultRelay},
		{"RCPT 555", smtperr.PhaseRcpt, 555, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonParameters, false, smtperr.FaultMessage},
		{"MAIL 552", smtperr.PhaseMail, 552, "x", smtperr.Session{}, smtperr.ClassSenderRefused, smtperr.ReasonMessageTooLarge, false, smtperr.FaultMessage},
		{"552 after the dot", smtperr.PhaseDot, 552, "x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonMessageTooLarge, false, smtperr.FaultMessage},
		{"550 after the dot", smtperr.PhaseDot, 550, "x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonContentRejected, false, smtperr.FaultMessage},
		{"554 after the dot", smtperr.PhaseDot, 554, "x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonContentRejected, false, smtperr.FaultMessage},
		{"DATA 503", smtperr.PhaseData, 503, "x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonNoValidRecipients, false, smtperr.FaultMessage},
		{"DATA 554", smtperr.PhaseData, 554, "x", smtperr.Session{}, smtperr.ClassDataRefused, smtperr.ReasonNoValidRecipients, false, smtperr.FaultMessage},
		{"a code that no table has", smtperr.PhaseRcpt, 599, "x", smtperr.Session{}, smtperr.ClassRecipientRefused, smtperr.ReasonRefused, false, smtperr.FaultMessage},
		{"RSET answered 5xx", smtperr.PhaseRset, 500, "what", smtperr.Session{}, smtperr.ClassResponseError, smtperr.ReasonRefused, false, smtperr.FaultRelay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := classifyReply(tt.phase, reply(tt.code, tt.text), tt.c)
			if tt.class == smtperr.ClassNone {
				require.Nil(t, e)
				return
			}
			require.NotNil(t, e)
			require.Equal(t, tt.class, e.Class)
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, tt.temporary, e.Temporary())
			require.Equal(t, tt.fault, e.Fault())
			require.Equal(t, tt.phase, e.Phase)
		})
	}
}

func TestClassifyReply_WordsAcrossLines(t *testing.T) {
	t.Parallel()
	split := classifyReply(smtperr.PhaseRcpt, smtperr.NewReply(550, []string{"5.7.1 we relay", "5.7.1 nothing. Access denied"}), smtperr.Session{})
	require.Equal(t, smtperr.ReasonNotAuthorized, split.Reason, "not across sentences")
	joined := classifyReply(smtperr.PhaseRcpt, smtperr.NewReply(550, []string{"5.7.1 relay access", "5.7.1 denied"}), smtperr.Session{})
	require.Equal(t, smtperr.ReasonRelayDenied, joined.Reason)
}

func TestParseEnhanced(t *testing.T) {
	for text, want := range map[string]string{
		"5.7.8 no":     "5.7.8",
		"2.0.0":        "2.0.0",
		"4.7.139\tx":   "4.7.139",
		"5.007.1 x":    "5.7.1",
		"5.7":          "",
		"5.7.8.9 x":    "",
		"5.7.1234 x":   "",
		"3.1.1 x":      "",
		" 5.7.8 x":     "",
		"5.7.8x":       "",
		"#5.7.8 x":     "",
		"":             "",
		"5..8 x":       "",
		"5.7.8-x":      "",
		"2.1.5 <a@b>:": "2.1.5",
	} {
		e, ok := smtperr.ParseEnhanced(text)
		require.Equal(t, want != "", ok, text)
		require.Equal(t, want, e.String(), text)
	}
}

func FuzzParseEnhanced(f *testing.F) {
	f.Add("5.7.8 no")
	f.Add("2.0.0")
	f.Fuzz(func(t *testing.T, text string) {
		e, ok := smtperr.ParseEnhanced(text)
		require.Equal(t, ok, !e.IsZero())
		if !ok {
			return
		}
		require.Contains(t, []int{2, 4, 5}, e.Class)
		require.LessOrEqual(t, e.Subject, 999)
		require.LessOrEqual(t, e.Detail, 999)
		again, ok := smtperr.ParseEnhanced(e.String())
		require.True(t, ok)
		require.Equal(t, e, again)
	})
}

func TestRecipients(t *testing.T) {
	unknown := classifyReply(smtperr.PhaseRcpt, reply(550, "5.1.1 x"), smtperr.Session{Recipient: "a@b"})
	later := classifyReply(smtperr.PhaseRcpt, reply(450, "4.2.1 x"), smtperr.Session{Recipient: "c@d"})
	bye := classifyReply(smtperr.PhaseRcpt, reply(421, "bye"), smtperr.Session{Recipient: "e@f"})

	require.Nil(t, refusals(smtperr.PhaseRcpt, nil, 0))

	all := refusals(smtperr.PhaseRcpt, []*smtperr.Error{unknown, later}, 0)
	require.Equal(t, smtperr.ClassRecipientsRefused, all.Class)
	require.Equal(t, 450, all.Code(), "the first 4xx represents them")
	require.True(t, all.Temporary())

	some := refusals(smtperr.PhaseRcpt, []*smtperr.Error{unknown}, 1)
	require.Equal(t, smtperr.ClassRecipientRefused, some.Class)
	require.False(t, some.Temporary())
	require.Equal(t, "a@b", some.Recipients[0].Recipient)

	full := classifyReply(smtperr.PhaseRcpt, reply(552, "x"), smtperr.Session{RecipientAccepted: true})
	require.True(t, full.Temporary())
	require.Equal(t, 550, refusals(smtperr.PhaseRcpt, []*smtperr.Error{unknown, full}, 1).Code(), "552 is no 4xx")
	require.Equal(t, 450, refusals(smtperr.PhaseRcpt, []*smtperr.Error{full, later}, 1).Code())

	closing := refusals(smtperr.PhaseRcpt, []*smtperr.Error{unknown, bye}, 0)
	require.Equal(t, smtperr.ClassServiceUnavailable, closing.Class)
	require.Len(t, closing.Recipients, 2)
}

// A reply that was not made by NewReply is held to the same rules.
func TestAReplyMadeByHandCountsNoOtherwise(t *testing.T) {
	t.Parallel()
	e := classifyReply(smtperr.PhaseRcpt, smtperr.Reply{Code: 550, Lines: []string{"5.1.1 x"}}, smtperr.Session{})
	require.Equal(t, smtperr.ReasonMailboxUnknown, e.Reason)
	e = classifyReply(smtperr.PhaseRcpt, smtperr.Reply{Code: 550, Enhanced: smtperr.EnhancedCode{Class: 4, Subject: 2, Detail: 1}}, smtperr.Session{})
	require.Equal(t, smtperr.ReasonMailboxUnavailable, e.Reason)
	require.True(t, e.Reply.Enhanced.IsZero())
	require.True(t, e.Reply.EnhancedMismatch)
	e = classifyReply(smtperr.PhaseMail, smtperr.Reply{Code: 354, Enhanced: smtperr.EnhancedCode{Class: 3, Subject: 2, Detail: 1}}, smtperr.Session{})
	require.True(t, e.Reply.Enhanced.IsZero())
}

func BenchmarkClassifyReply(b *testing.B) {
	r := reply(550, "5.1.1 <alice@example.org>: Recipient address rejected: User unknown in virtual mailbox table")
	b.ReportAllocs()
	for b.Loop() {
		sink = classifyReply(smtperr.PhaseRcpt, r, smtperr.Session{})
	}
}
