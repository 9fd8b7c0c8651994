package smtperr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// expectedReply reports for some phases whether a code is the expected one. The other
// phases expect a 2xx.
var expectedReply = map[smtperr.Phase]func(code int) bool{
	smtperr.PhaseGreeting: func(code int) bool { return code == 220 },
	smtperr.PhaseSTARTTLS: func(code int) bool { return code == 220 },
	smtperr.PhaseAuth:     func(code int) bool { return code == 235 },
	smtperr.PhaseData:     func(code int) bool { return code/100 == 3 },
}

// refusalClass has the class of refusals in each phase.
var refusalClass = map[smtperr.Phase]smtperr.Class{
	smtperr.PhaseGreeting: smtperr.ClassGreetingRefused, smtperr.PhaseEHLO: smtperr.ClassHeloRefused, smtperr.PhaseHELO: smtperr.ClassHeloRefused,
	smtperr.PhaseSTARTTLS: smtperr.ClassStartTLSRefused, smtperr.PhaseAuth: smtperr.ClassAuthFailed, smtperr.PhaseMail: smtperr.ClassSenderRefused,
	smtperr.PhaseRcpt: smtperr.ClassRecipientRefused, smtperr.PhaseData: smtperr.ClassDataRefused, smtperr.PhaseBody: smtperr.ClassDataRefused,
	smtperr.PhaseDot: smtperr.ClassDataRefused, smtperr.PhaseRset: smtperr.ClassResponseError, smtperr.PhaseQuit: smtperr.ClassResponseError, "": smtperr.ClassResponseError,
}

func TestClassifyReply_EveryCode(t *testing.T) {
	t.Parallel()
	for phase, refused := range refusalClass {
		for code := -1; code <= 1000; code++ {
			ok := code/100 == 2
			if exact := expectedReply[phase]; exact != nil {
				ok = exact(code)
			}
			e := classifyReply(phase, reply(code, "x"), smtperr.Session{})
			switch {
			case ok:
				require.Nil(t, e, "%d at %q", code, phase)
				continue
			case code < 200 || code > 599:
				requireIs(t, e, smtperr.ClassProtocolError, smtperr.ReasonBadCode, true, 0)
			case phase == smtperr.PhaseAuth && code == 334:
				requireIs(t, e, smtperr.ClassAuthFailed, smtperr.ReasonChallengeLoop, false, code)
			case code < 400:
				requireIs(t, e, smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, code)
			case code == 421:
				requireIs(t, e, smtperr.ClassServiceUnavailable, e.Reason, true, code)
			default:
				requireIs(t, e, refused, e.Reason, code < 500, code)
			}
			require.NotEmpty(t, e.Reason)
			require.Equal(t, phase, e.Phase)
		}
	}
}

func requireIs(t *testing.T, e *smtperr.Error, class smtperr.Class, reason smtperr.Reason, temporary bool, code int) {
	t.Helper()
	require.NotNil(t, e)
	require.Equal(t, class, e.Class)
	require.Equal(t, reason, e.Reason)
	require.Equal(t, temporary, e.Temporary())
	require.Equal(t, code, e.Code())
}

func TestClassifyReply_OtherSuccess(t *testing.T) {
	t.Parallel()
	for phase, code := range map[smtperr.Phase]int{
		smtperr.PhaseGreeting: 221, smtperr.PhaseSTARTTLS: 250, smtperr.PhaseAuth: 220, smtperr.PhaseData: 250,
	} {
		requireIs(t, refusal(phase, code), smtperr.ClassProtocolError, smtperr.ReasonUnexpectedCode, true, code)
	}
}

func TestClassifyReply_552(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		phase      smtperr.Phase
		accepted   bool
		temporary  bool
	}{
		{name: "without an enhanced code", text: "x", phase: smtperr.PhaseRcpt, accepted: true, temporary: true},
		{name: "with 5.5.3", text: "5.5.3 x", phase: smtperr.PhaseRcpt, accepted: true, temporary: true},
		{name: "with another enhanced code", text: "5.2.2 x", phase: smtperr.PhaseRcpt, accepted: true, temporary: false},
		{name: "first recipient", text: "x", phase: smtperr.PhaseRcpt, accepted: false, temporary: false},
		{name: "to MAIL", text: "x", phase: smtperr.PhaseMail, accepted: true, temporary: false},
		{name: "after the dot", text: "x", phase: smtperr.PhaseDot, accepted: true, temporary: false},
	} {
		e := classifyReply(tt.phase, reply(552, tt.text), smtperr.Session{RecipientAccepted: tt.accepted})
		require.Equal(t, tt.temporary, e.Temporary(), tt.name)
		require.Equal(t, 552, e.Code())
	}
}

func TestClassifyReply_WrongProtocol(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		phase  smtperr.Phase
		code   int
		text   string
		ehlo   *smtperr.Reply // the reply to EHLO before HELO
		lmtp   bool
		reason smtperr.Reason
	}{
		{name: "LHLO to SMTP server, 502", phase: smtperr.PhaseEHLO, code: 502, text: "5.5.2 Error: command not recognized", lmtp: true, reason: smtperr.ReasonNotLMTP},
		{name: "LHLO to SMTP server, 500", phase: smtperr.PhaseEHLO, code: 500, text: "unknown", lmtp: true, reason: smtperr.ReasonNotLMTP},
		{name: "LHLO to SMTP server, 504", phase: smtperr.PhaseEHLO, code: 504, text: "unknown", lmtp: true, reason: smtperr.ReasonNotLMTP},
		{name: "LHLO refused with 550", phase: smtperr.PhaseEHLO, code: 550, text: "go away", lmtp: true},
		{name: "LHLO refused with 501", phase: smtperr.PhaseEHLO, code: 501, text: "no such domain", lmtp: true},
		{name: "EHLO to LMTP server", phase: smtperr.PhaseEHLO, code: 500, text: "this is lmtp", reason: smtperr.ReasonNotSMTPLMTP},
		{name: "HELO to LMTP server", phase: smtperr.PhaseHELO, code: 503, text: "Send LHLO first", reason: smtperr.ReasonNotSMTPLMTP},
		{name: "LMTP in the EHLO reply", phase: smtperr.PhaseHELO, code: 502, text: "no", ehlo: &smtperr.Reply{Code: 500, Lines: []string{"use LHLO"}}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "LMTP in the HELO reply", phase: smtperr.PhaseHELO, code: 502, text: "use LHLO", ehlo: &smtperr.Reply{Code: 500}, reason: smtperr.ReasonNotSMTPLMTP},
		{name: "EHLO refused with 501", phase: smtperr.PhaseHELO, code: 502, text: "use LHLO", ehlo: &smtperr.Reply{Code: 501}},
		{name: "HELO refused with 501", phase: smtperr.PhaseHELO, code: 501, text: "use LHLO", ehlo: &smtperr.Reply{Code: 500}},
		{name: "HELO not implemented", phase: smtperr.PhaseHELO, code: 500, text: "unknown command"},
		{name: "LMTP within a longer word", phase: smtperr.PhaseHELO, code: 500, text: "almtpx"},
		{name: "another phase", phase: smtperr.PhaseMail, code: 503, text: "LHLO first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := classifyReply(tt.phase, reply(tt.code, tt.text), smtperr.Session{LMTP: tt.lmtp, EHLO: tt.ehlo})
			if tt.reason == "" {
				require.NotContains(t, []smtperr.Reason{smtperr.ReasonNotLMTP, smtperr.ReasonNotSMTPLMTP}, e.Reason)
				return
			}
			require.Equal(t, smtperr.ClassHeloRefused, e.Class)
			require.Equal(t, tt.reason, e.Reason)
			require.Equal(t, smtperr.FaultConfig, e.Fault())
		})
	}
}

// The text refines only the reason.
func FuzzClassifyReply_Text(f *testing.F) {
	for _, text := range []string{"Relay access denied", "greylisted", "too many connections", "unable to relay", "450 4.7.1", "rate limit\r\n", "\xff\x00"} {
		f.Add(text, uint16(550), uint8(9), true)
		f.Add(text, uint16(421), uint8(4), false)
	}
	f.Fuzz(func(t *testing.T, text string, code uint16, at uint8, flag bool) {
		phases := smtperr.Phases()
		phase := phases[int(at)%len(phases)]
		c := smtperr.Session{TLS: flag, AuthOffered: !flag, Authenticated: flag, RecipientAccepted: flag, OverlongLine: flag, Recipient: text}
		withoutText := classifyReply(phase, smtperr.Reply{Code: int(code)}, c)
		withText := classifyReply(phase, smtperr.Reply{Code: int(code), Lines: strings.Split(text, "\n")}, c)
		require.Equal(t, withoutText == nil, withText == nil)
		if withoutText == nil {
			return
		}
		require.Equal(t, withoutText.Class, withText.Class)
		require.Equal(t, withoutText.Temporary(), withText.Temporary())
		require.Contains(t, smtperr.Reasons(), withText.Reason)
		requireSafeText(t, withText.Error())
	})
}
