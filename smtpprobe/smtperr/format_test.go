package smtperr_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestErrorSaysWhatHappenedWhere(t *testing.T) {
	t.Parallel()
	at := func(phase smtperr.Phase, code int, lines ...string) *smtperr.Error {
		return smtperr.ClassifyReply(phase, smtperr.NewReply(code, lines), smtperr.Circumstances{Sender: "s@x", Recipient: "r@x"})
	}
	lost := smtperr.Classify(smtperr.PhaseDot, io.EOF)
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		want string
	}{
		{"a refused recipient", at(smtperr.PhaseRcpt, 550, "5.7.1 no"), "recipient_refused/not_authorized at rcpt: 550 5.7.1 no (rcpt to <r@x>)"},
		{
			"several", smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{at(smtperr.PhaseRcpt, 550, "5.7.1 Relay access denied"), at(smtperr.PhaseRcpt, 550)}, false),
			"recipients_refused/relay_denied at rcpt: 550 5.7.1 Relay access denied (rcpt to <r@x> and 1 more)",
		},
		{"a refused sender", at(smtperr.PhaseMail, 550, "no"), "sender_refused/refused at mail: 550 no (mail from <s@x>)"},
		{"several lines", at(smtperr.PhaseEHLO, 550, "a", "b"), `helo_refused/refused at ehlo: 550 a\nb`},
		{"a code alone", at(smtperr.PhaseEHLO, 550, ""), "helo_refused/refused at ehlo: 550"},
		{"no text at all", at(smtperr.PhaseEHLO, 550), "helo_refused/refused at ehlo: 550"},
		{"a cause", smtperr.New(smtperr.ConfigError, "", "", errors.New("bad\nthing")), `config_error: bad\nthing`},
		{"nothing but a class", smtperr.New(smtperr.NotSupported, smtperr.ReasonAuthNotOffered, smtperr.PhaseAuth, nil), "not_supported/auth_not_offered at auth"},
		{"a message in doubt", lost, "disconnected/closed at dot: EOF (outcome unknown: the message may have been delivered)"},
		{
			"failing checks", &smtperr.Error{Class: smtperr.TLSVerifyError, Reason: smtperr.ReasonExpired, Details: []string{"expired", "wrong host"}},
			"tls_verify_error/expired: expired; wrong host",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, tt.err, tt.want)
		})
	}
}

func TestErrorIsOneBoundedLineOfASCII(t *testing.T) {
	t.Parallel()
	long := make([]byte, 10000)
	for i := range long {
		long[i] = byte(i)
	}
	hostile := string(long)
	c := smtperr.Circumstances{Sender: hostile, Recipient: hostile}
	for _, phase := range smtperr.Phases() {
		e := smtperr.ClassifyReply(phase, smtperr.NewReply(550, []string{hostile, "second"}), c)
		e.OutcomeUnknown = true
		requireHarmless(t, e.Error())
		require.Contains(t, e.Error(), "outcome unknown", "what is said at the end is not cut off")
	}
	requireHarmless(t, smtperr.New(smtperr.Unknown, "", "", errors.New(hostile)).Error())
	requireHarmless(t, (&smtperr.Error{Class: smtperr.TLSVerifyError, Details: []string{hostile}}).Error())
}

func requireHarmless(t *testing.T, text string) {
	t.Helper()
	require.LessOrEqual(t, len(text), 500)
	require.Regexp(t, "^[ -~]*$", text)
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                "",
		"plain":           "plain",
		"a\r\nb":          `a\r\nb`,
		"\x1b[31m\x00":    `\x1b[31m\x00`,
		"caf\xc3\xa9":     `caf\u00e9`,
		"caf\xe9":         `caf\xe9`,
		"\xff":            `\xff`,
		`back\slash`:      `back\\slash`,
		"\u202e reversed": `\u202e reversed`,
		`"it's" \`:        `"it's" \\`,
		"\x7f":            `\x7f`,
	} {
		require.Equal(t, want, smtperr.Escape(in, 100))
	}
	require.Equal(t, "abc...", smtperr.Escape("abcdef", 3))
	require.Equal(t, "abc", smtperr.Escape("abc", 3))
	require.Equal(t, `a\n...`, smtperr.Escape("a\n\nb", 4), "an escape is not cut in the middle")
	require.Equal(t, "...", smtperr.Escape("abc", -1))
}

func TestJSONHasTheNamesOfTheMetric(t *testing.T) {
	t.Parallel()
	one := smtperr.ClassifyReply(smtperr.PhaseRcpt, reply(550, "5.1.1 who"), smtperr.Circumstances{Recipient: "r@x"})
	text, err := json.Marshal(one)
	require.NoError(t, err)
	require.JSONEq(t, `{"error_class": "recipient_refused", "reason": "mailbox_unknown", "phase": "rcpt", "fault": "message",
		"reply_code": 550, "enhanced_code": "5.1.1", "temporary": false, "recipient": "r@x",
		"error": "recipient_refused/mailbox_unknown at rcpt: 550 5.1.1 who (rcpt to <r@x>)",
		"advice": "No such mailbox: check the recipient's address."}`, string(text))

	text, err = json.Marshal(smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{one}, false))
	require.NoError(t, err)
	var sum struct {
		Recipients []struct {
			Recipient string `json:"recipient"`
		} `json:"recipients"`
	}
	require.NoError(t, json.Unmarshal(text, &sum))
	require.Equal(t, "r@x", sum.Recipients[0].Recipient)

	text, err = json.Marshal((*smtperr.Error)(nil))
	require.NoError(t, err)
	require.Equal(t, "null", string(text))
}
