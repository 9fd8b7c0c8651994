package smtperr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func reply(code int, text string) smtperr.Reply { return smtperr.NewReply(code, []string{text}) }

func TestClassifyReply(t *testing.T) {
	t.Parallel()
	accepted := smtperr.Session{RecipientAccepted: true}
	for _, tt := range []struct {
		name      string
		phase     smtperr.Phase
		code      int
		text      string
		session   smtperr.Session
		class     smtperr.Class
		reason    smtperr.Reason
		temporary bool
		fault     smtperr.Fault
	}{
		{name: "2xx to EHLO", phase: smtperr.PhaseEHLO, code: 299, text: "ok"},
		{name: "3xx to DATA", phase: smtperr.PhaseData, code: 399, text: "go"},
		{name: "250 greeting", phase: smtperr.PhaseGreeting, code: 250, text: "ok", class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, temporary: true, fault: smtperr.FaultRelay},
		{name: "250 to STARTTLS", phase: smtperr.PhaseSTARTTLS, code: 250, text: "ok", class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, temporary: true, fault: smtperr.FaultRelay},
		{name: "250 to AUTH", phase: smtperr.PhaseAuth, code: 250, text: "ok", class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, temporary: true, fault: smtperr.FaultRelay},
		{name: "503 to AUTH after 235", phase: smtperr.PhaseAuth, code: 503, text: "already", session: smtperr.Session{Authenticated: true}},
		{name: "code above 599", phase: smtperr.PhaseMail, code: 620, text: "x", class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, temporary: true, fault: smtperr.FaultRelay},
		{name: "3xx to MAIL", phase: smtperr.PhaseMail, code: 354, text: "x", class: smtperr.ClassProtocolError, reason: smtperr.ReasonUnexpectedCode, temporary: true, fault: smtperr.FaultRelay},

		{name: "421 to MAIL", phase: smtperr.PhaseMail, code: 421, text: "4.7.0 too many connections from you", class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonRateLimited, temporary: true, fault: smtperr.FaultProber},
		{name: "554 5.7.25 greeting", phase: smtperr.PhaseGreeting, code: 554, text: "5.7.25 no PTR", class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonRDNS, fault: smtperr.FaultProber},
		{name: "450 greeting", phase: smtperr.PhaseGreeting, code: 450, text: "later", class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonRefused, temporary: true, fault: smtperr.FaultRelay},
		{name: "450 to EHLO", phase: smtperr.PhaseEHLO, code: 450, text: "later", class: smtperr.ClassHeloRefused, reason: smtperr.ReasonRefused, temporary: true, fault: smtperr.FaultRelay},
		{name: "550 to EHLO", phase: smtperr.PhaseEHLO, code: 550, text: "no", class: smtperr.ClassHeloRefused, reason: smtperr.ReasonRefused, fault: smtperr.FaultConfig},
		{name: "454 4.3.0 to STARTTLS", phase: smtperr.PhaseSTARTTLS, code: 454, text: "4.3.0 x", class: smtperr.ClassStartTLSRefused, reason: smtperr.ReasonTLSUnavailable, temporary: true, fault: smtperr.FaultRelay},

		{name: "535 5.7.139 to AUTH", phase: smtperr.PhaseAuth, code: 535, text: "5.7.139 Authentication unsuccessful", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthDisabled, fault: smtperr.FaultConfig},
		{name: "500 to overlong AUTH", phase: smtperr.PhaseAuth, code: 500, text: "too long", session: smtperr.Session{OverlongLine: true}, class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthLineTooLong, fault: smtperr.FaultCredentials},
		{name: "500 to AUTH", phase: smtperr.PhaseAuth, code: 500, text: "what", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonRefused, fault: smtperr.FaultCredentials},
		{name: "530 5.7.0 without TLS", phase: smtperr.PhaseMail, code: 530, text: "5.7.0 x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonTLSRequired, fault: smtperr.FaultConfig},
		{name: "530 with AUTH offered", phase: smtperr.PhaseMail, code: 530, text: "x", session: smtperr.Session{AuthOffered: true}, class: smtperr.ClassSenderRefused, reason: smtperr.ReasonAuthRequired, fault: smtperr.FaultConfig},
		{name: "530 with TLS", phase: smtperr.PhaseRcpt, code: 530, text: "x", session: smtperr.Session{TLS: true}, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonAuthRequired, fault: smtperr.FaultConfig},

		{name: "552 after an accepted recipient", phase: smtperr.PhaseRcpt, code: 552, text: "too many", session: accepted, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonTooManyRecipients, temporary: true, fault: smtperr.FaultMessage},
		{name: "552 5.5.3 after an accepted recipient", phase: smtperr.PhaseRcpt, code: 552, text: "5.5.3 too many", session: accepted, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonTooManyRecipients, temporary: true, fault: smtperr.FaultMessage},
		{name: "552 5.2.2 after an accepted recipient", phase: smtperr.PhaseRcpt, code: 552, text: "5.2.2 full", session: accepted, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxFull, fault: smtperr.FaultMessage},
		{name: "552 to the first RCPT", phase: smtperr.PhaseRcpt, code: 552, text: "full", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxFull, fault: smtperr.FaultMessage},
		{name: "452 to the first RCPT", phase: smtperr.PhaseRcpt, code: 452, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonSystemFull, temporary: true, fault: smtperr.FaultRelay},
		{name: "452 after an accepted recipient", phase: smtperr.PhaseRcpt, code: 452, text: "x", session: accepted, class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonTooManyRecipients, temporary: true, fault: smtperr.FaultMessage},
		{name: "550 to RCPT", phase: smtperr.PhaseRcpt, code: 550, text: "no such user", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailable, fault: smtperr.FaultMessage},
		{name: "556 5.1.10 to RCPT", phase: smtperr.PhaseRcpt, code: 556, text: "5.1.10 null MX", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonNullMX, fault: smtperr.FaultMessage},
		{name: "550 5.1.10 to RCPT", phase: smtperr.PhaseRcpt, code: 550, text: "5.1.10 gone", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnknown, fault: smtperr.FaultMessage},
		{name: "550 5.4.1 to RCPT", phase: smtperr.PhaseRcpt, code: 550, text: "5.4.1 x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailable, fault: smtperr.FaultMessage},
		{name: "451 4.4.1 after the dot", phase: smtperr.PhaseDot, code: 451, text: "4.4.1 x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonNextHopUnreachable, temporary: true, fault: smtperr.FaultRelay},
		{name: "unlisted detail of subject 1", phase: smtperr.PhaseRcpt, code: 550, text: "5.1.99 x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonAddressNotAllowed, fault: smtperr.FaultMessage},
		{name: "unlisted detail of subject 3", phase: smtperr.PhaseRcpt, code: 550, text: "5.3.9 x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonSystemError, fault: smtperr.FaultRelay},
		{name: "unlisted detail of subject 6", phase: smtperr.PhaseDot, code: 554, text: "5.6.1 x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonContent, fault: smtperr.FaultMessage},
		{name: "5.7.4 outside AUTH", phase: smtperr.PhaseRcpt, code: 550, text: "5.7.4 x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonPolicy, fault: smtperr.FaultMessage},
		{name: "mismatched enhanced code", phase: smtperr.PhaseRcpt, code: 550, text: "4.2.1 x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailable, fault: smtperr.FaultMessage},

		{name: "relay denied, 454", phase: smtperr.PhaseRcpt, code: 454, text: "4.7.1 <x@y>: Relay access denied", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, temporary: true, fault: smtperr.FaultConfig},
		{name: "relay not permitted", phase: smtperr.PhaseRcpt, code: 550, text: "relay not permitted", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, fault: smtperr.FaultConfig},
		{name: "unable to relay", phase: smtperr.PhaseRcpt, code: 550, text: "5.7.1 Unable to relay for x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, fault: smtperr.FaultConfig},
		{name: "word that contains relay", phase: smtperr.PhaseRcpt, code: 550, text: "relayer denied", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailable, fault: smtperr.FaultMessage},
		{name: "relay denied, MAIL", phase: smtperr.PhaseMail, code: 550, text: "relaying denied", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonRelayDenied, fault: smtperr.FaultConfig},
		{name: "greylisted, 450", phase: smtperr.PhaseRcpt, code: 450, text: "4.2.0 Greylisted for 300 s", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonGreylisted, temporary: true, fault: smtperr.FaultMessage},
		{name: "greylisted, 550", phase: smtperr.PhaseRcpt, code: 550, text: "greylisted", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailable, fault: smtperr.FaultMessage},
		{name: "graylisted", phase: smtperr.PhaseRcpt, code: 451, text: "4.7.1 Graylisting in action", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonGreylisted, temporary: true, fault: smtperr.FaultMessage},
		{name: "relay prohibited", phase: smtperr.PhaseRcpt, code: 553, text: "RELAYING IS PROHIBITED here", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, fault: smtperr.FaultConfig},
		{name: "denied before relay", phase: smtperr.PhaseRcpt, code: 550, text: "denied by the relay", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, fault: smtperr.FaultConfig},
		{name: "relay denied, 452", phase: smtperr.PhaseRcpt, code: 452, text: "relaying denied", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRelayDenied, temporary: true, fault: smtperr.FaultConfig},
		{name: "rate limited", phase: smtperr.PhaseMail, code: 450, text: "rate limited", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonRateLimited, temporary: true, fault: smtperr.FaultProber},
		{name: "too many connections, 550", phase: smtperr.PhaseMail, code: 550, text: "too many connections", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonRateLimited, fault: smtperr.FaultProber},
		{name: "rate limit with 4.3.0", phase: smtperr.PhaseMail, code: 450, text: "4.3.0 Rate limit exceeded", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonRateLimited, temporary: true, fault: smtperr.FaultProber},

		{name: "451 to MAIL", phase: smtperr.PhaseMail, code: 451, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonSystemError, temporary: true, fault: smtperr.FaultRelay},
		{name: "521 greeting", phase: smtperr.PhaseGreeting, code: 521, text: "x", class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonHostNoMail, fault: smtperr.FaultRelay},
		{name: "521 to MAIL", phase: smtperr.PhaseMail, code: 521, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonRefused, fault: smtperr.FaultMessage},
		{name: "535 to AUTH", phase: smtperr.PhaseAuth, code: 535, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, fault: smtperr.FaultCredentials},
		{name: "534 to AUTH", phase: smtperr.PhaseAuth, code: 534, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthMechanismWeak, fault: smtperr.FaultCredentials},
		{name: "538 to AUTH", phase: smtperr.PhaseAuth, code: 538, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonTLSRequired, fault: smtperr.FaultConfig},
		{name: "432 to AUTH", phase: smtperr.PhaseAuth, code: 432, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonPasswordTransition, temporary: true, fault: smtperr.FaultRelay},
		{name: "454 to AUTH", phase: smtperr.PhaseAuth, code: 454, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthTemporary, temporary: true, fault: smtperr.FaultRelay},
		{name: "504 to AUTH", phase: smtperr.PhaseAuth, code: 504, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthMechanismUnsupported, fault: smtperr.FaultConfig},
		{name: "503 to AUTH", phase: smtperr.PhaseAuth, code: 503, text: "x", class: smtperr.ClassAuthFailed, reason: smtperr.ReasonBadSequence, fault: smtperr.FaultCredentials},
		{name: "523 to MAIL", phase: smtperr.PhaseMail, code: 523, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonTLSRequired, fault: smtperr.FaultConfig},
		{name: "524 to RCPT", phase: smtperr.PhaseRcpt, code: 524, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonTLSRequired, fault: smtperr.FaultConfig},
		{name: "450 to RCPT", phase: smtperr.PhaseRcpt, code: 450, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnavailableTemp, temporary: true, fault: smtperr.FaultMessage},
		{name: "551 to RCPT", phase: smtperr.PhaseRcpt, code: 551, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxMoved, fault: smtperr.FaultMessage},
		{name: "556 to RCPT", phase: smtperr.PhaseRcpt, code: 556, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonNullMX, fault: smtperr.FaultMessage},
		{name: "553 to MAIL", phase: smtperr.PhaseMail, code: 553, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonAddressNotAllowed, fault: smtperr.FaultMessage},
		{name: "553 to RCPT", phase: smtperr.PhaseRcpt, code: 553, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonAddressNotAllowed, fault: smtperr.FaultMessage},
		{name: "455 to MAIL", phase: smtperr.PhaseMail, code: 455, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonParameters, temporary: true, fault: smtperr.FaultRelay},
		{name: "555 to RCPT", phase: smtperr.PhaseRcpt, code: 555, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonParameters, fault: smtperr.FaultMessage},
		{name: "552 to MAIL", phase: smtperr.PhaseMail, code: 552, text: "x", class: smtperr.ClassSenderRefused, reason: smtperr.ReasonMessageTooLarge, fault: smtperr.FaultMessage},
		{name: "552 after the dot", phase: smtperr.PhaseDot, code: 552, text: "x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonMessageTooLarge, fault: smtperr.FaultMessage},
		{name: "550 after the dot", phase: smtperr.PhaseDot, code: 550, text: "x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonContentRejected, fault: smtperr.FaultMessage},
		{name: "554 after the dot", phase: smtperr.PhaseDot, code: 554, text: "x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonContentRejected, fault: smtperr.FaultMessage},
		{name: "503 to DATA", phase: smtperr.PhaseData, code: 503, text: "x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, fault: smtperr.FaultMessage},
		{name: "554 to DATA", phase: smtperr.PhaseData, code: 554, text: "x", class: smtperr.ClassDataRefused, reason: smtperr.ReasonNoValidRecipients, fault: smtperr.FaultMessage},
		{name: "unlisted code", phase: smtperr.PhaseRcpt, code: 599, text: "x", class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonRefused, fault: smtperr.FaultMessage},
		{name: "500 to RSET", phase: smtperr.PhaseRset, code: 500, text: "what", class: smtperr.ClassResponseError, reason: smtperr.ReasonRefused, fault: smtperr.FaultRelay},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classifyReply(tt.phase, reply(tt.code, tt.text), tt.session)
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
	require.Equal(t, smtperr.ReasonNotAuthorized, split.Reason, "across sentences")
	joined := classifyReply(smtperr.PhaseRcpt, smtperr.NewReply(550, []string{"5.7.1 relay access", "5.7.1 denied"}), smtperr.Session{})
	require.Equal(t, smtperr.ReasonRelayDenied, joined.Reason)
}

func TestParseEnhanced(t *testing.T) {
	t.Parallel()
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

func TestRefusals(t *testing.T) {
	t.Parallel()
	permanent := classifyReply(smtperr.PhaseRcpt, reply(550, "5.1.1 x"), smtperr.Session{Recipient: "a@b"})
	temporary := classifyReply(smtperr.PhaseRcpt, reply(450, "4.2.1 x"), smtperr.Session{Recipient: "c@d"})
	closing := classifyReply(smtperr.PhaseRcpt, reply(421, "bye"), smtperr.Session{Recipient: "e@f"})
	tooMany := classifyReply(smtperr.PhaseRcpt, reply(552, "x"), smtperr.Session{RecipientAccepted: true})
	require.True(t, tooMany.Temporary())
	for _, tt := range []struct {
		name      string
		refused   []*smtperr.Error
		accepted  int
		class     smtperr.Class
		code      int
		temporary bool
	}{
		{name: "all refused", refused: []*smtperr.Error{permanent, temporary}, class: smtperr.ClassRecipientsRefused, code: 450, temporary: true},
		{name: "some refused", refused: []*smtperr.Error{permanent}, accepted: 1, class: smtperr.ClassRecipientRefused, code: 550},
		{name: "552 after 550", refused: []*smtperr.Error{permanent, tooMany}, accepted: 1, class: smtperr.ClassRecipientRefused, code: 550},
		{name: "450 after 552", refused: []*smtperr.Error{tooMany, temporary}, accepted: 1, class: smtperr.ClassRecipientRefused, code: 450, temporary: true},
		{name: "421 after 550", refused: []*smtperr.Error{permanent, closing}, class: smtperr.ClassServiceUnavailable, code: 421, temporary: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := refusals(smtperr.PhaseRcpt, tt.refused, tt.accepted)
			require.Equal(t, tt.class, e.Class)
			require.Equal(t, tt.code, e.Code())
			require.Equal(t, tt.temporary, e.Temporary())
			require.Equal(t, tt.refused, e.Recipients)
		})
	}
	require.Nil(t, refusals(smtperr.PhaseRcpt, nil, 0))
}

func TestClassifyReply_ReplyLiteral(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		phase    smtperr.Phase
		reply    smtperr.Reply
		reason   smtperr.Reason
		enhanced string
		mismatch bool
	}{
		{
			name: "enhanced code in the text only", phase: smtperr.PhaseRcpt,
			reply:  smtperr.Reply{Code: 550, Lines: []string{"5.1.1 x"}},
			reason: smtperr.ReasonMailboxUnknown, enhanced: "5.1.1",
		},
		{
			name: "class mismatch", phase: smtperr.PhaseRcpt,
			reply:  smtperr.Reply{Code: 550, Enhanced: smtperr.EnhancedCode{Class: 4, Subject: 2, Detail: 1}},
			reason: smtperr.ReasonMailboxUnavailable, mismatch: true,
		},
		{
			name: "3xx", phase: smtperr.PhaseMail,
			reply:  smtperr.Reply{Code: 354, Enhanced: smtperr.EnhancedCode{Class: 3, Subject: 2, Detail: 1}},
			reason: smtperr.ReasonUnexpectedCode,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classifyReply(tt.phase, tt.reply, smtperr.Session{})
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, tt.enhanced, e.Reply.Enhanced.String())
			require.Equal(t, tt.mismatch, e.Reply.EnhancedMismatch)
		})
	}
}

func BenchmarkClassifyReply(b *testing.B) {
	r := reply(550, "5.1.1 <alice@example.org>: Recipient address rejected: User unknown in virtual mailbox table")
	b.ReportAllocs()
	for b.Loop() {
		sink = classifyReply(smtperr.PhaseRcpt, r, smtperr.Session{})
	}
}
