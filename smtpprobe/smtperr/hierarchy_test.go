package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func refusal(phase smtperr.Phase, code int) *smtperr.Error {
	return smtperr.ClassifyReply(phase, reply(code, "x"), smtperr.Circumstances{Sender: "s@x", Recipient: "r@x"})
}

// errors.Is asks as except does.
func TestKindsFollowTheHierarchy(t *testing.T) {
	all := []*smtperr.Kind{
		smtperr.ErrSMTP, smtperr.ErrResponse, smtperr.ErrConnect, smtperr.ErrGreeting, smtperr.ErrTimeout, smtperr.ErrDNS, smtperr.ErrTLS,
		smtperr.ErrStartTLS, smtperr.ErrHelo, smtperr.ErrAuth, smtperr.ErrSenderRefused, smtperr.ErrRecipientRefused, smtperr.ErrRecipientsRefused,
		smtperr.ErrData, smtperr.ErrDisconnected, smtperr.ErrNotSupported, smtperr.ErrUnavailable, smtperr.ErrProtocol, smtperr.ErrConfig,
		smtperr.ErrLocal, smtperr.ErrOS, smtperr.ErrCanceled, smtperr.ErrUnexpectedSuccess, smtperr.ErrUnknown,
	}
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		is   []*smtperr.Kind
	}{
		{"421 to MAIL", refusal(smtperr.PhaseMail, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrSenderRefused, smtperr.ErrResponse}},
		{"421 as greeting", refusal(smtperr.PhaseGreeting, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrResponse}},
		{"421 in AUTH", refusal(smtperr.PhaseAuth, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrAuth, smtperr.ErrResponse}},
		{"421 to EHLO", refusal(smtperr.PhaseEHLO, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrHelo, smtperr.ErrResponse}},
		{"421 after the dot", refusal(smtperr.PhaseDot, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrData, smtperr.ErrResponse}},
		{"a connect timeout", smtperr.Classify(smtperr.PhaseConnect, os.ErrDeadlineExceeded), []*smtperr.Kind{smtperr.ErrConnect, smtperr.ErrTimeout, smtperr.ErrOS}},
		{"a refused greeting", refusal(smtperr.PhaseGreeting, 554), []*smtperr.Kind{smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrResponse}},
		{"a refused recipient", refusal(smtperr.PhaseRcpt, 550), []*smtperr.Kind{smtperr.ErrRecipientRefused, smtperr.ErrResponse}},
		{"all recipients refused", smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 550)}, false), []*smtperr.Kind{smtperr.ErrRecipientsRefused, smtperr.ErrRecipientRefused, smtperr.ErrResponse}},
		{"a lost connection", smtperr.Classify(smtperr.PhaseMail, io.EOF), []*smtperr.Kind{smtperr.ErrDisconnected, smtperr.ErrOS}},
		{"a late reply, as smtplib has it, too", smtperr.Classify(smtperr.PhaseMail, os.ErrDeadlineExceeded), []*smtperr.Kind{smtperr.ErrTimeout, smtperr.ErrDisconnected, smtperr.ErrOS}},
		{"an unknown error", smtperr.Classify(smtperr.PhaseMail, errors.New("x")), []*smtperr.Kind{smtperr.ErrUnknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := append([]*smtperr.Kind{smtperr.ErrSMTP}, tt.is...)
			wrapped := fmt.Errorf("wrapped: %w", tt.err)
			for _, k := range all {
				require.Equal(t, contains(want, k), errors.Is(wrapped, k), "%v", k)
			}
			require.ErrorIs(t, wrapped, tt.err.Class)
		})
	}
}

func contains(kinds []*smtperr.Kind, k *smtperr.Kind) bool {
	for _, have := range kinds {
		if have == k {
			return true
		}
	}
	return false
}

func TestStructsCarryPythonsAttributes(t *testing.T) {
	var sender *smtperr.SMTPSenderRefused
	require.ErrorAs(t, refusal(smtperr.PhaseMail, 550), &sender)
	require.Equal(t, "s@x", sender.Sender)
	require.Equal(t, 550, sender.Code)
	require.Equal(t, "x", sender.Message)

	var recipients *smtperr.SMTPRecipientsRefused
	require.ErrorAs(t, smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 550)}, false), &recipients)
	require.Equal(t, "r@x", recipients.Recipients[0].Recipient)

	var response *smtperr.SMTPResponseException
	require.ErrorAs(t, refusal(smtperr.PhaseAuth, 535), &response)
	require.Equal(t, 535, response.Code)

	var data *smtperr.SMTPDataError
	require.False(t, errors.As(refusal(smtperr.PhaseMail, 550), &data))
}

func TestAdvice(t *testing.T) {
	lost := smtperr.Classify(smtperr.PhaseDot, io.EOF)
	lost.OutcomeUnknown = true
	for _, tt := range []struct {
		name      string
		err       *smtperr.Error
		same      smtperr.Advice
		seed, mta bool
	}{
		{"a closed port", smtperr.New(smtperr.ConnectError, "", smtperr.PhaseConnect, nil), smtperr.Yes, true, true},
		{"wrong credentials", refusal(smtperr.PhaseAuth, 535), smtperr.No, false, false},
		{"authentication that fails for now", refusal(smtperr.PhaseAuth, 454), smtperr.No, false, true},
		{"a sender refused for good", refusal(smtperr.PhaseMail, 550), smtperr.No, true, false},
		{"a sender refused for now", refusal(smtperr.PhaseMail, 450), smtperr.Later, true, true},
		{"a connection lost before the dot", smtperr.Classify(smtperr.PhaseMail, io.EOF), smtperr.Yes, true, true},
		{"a connection lost after the dot", lost, smtperr.No, false, false},
		{"a local fault", smtperr.New(smtperr.LocalError, "", smtperr.PhaseConnect, nil), smtperr.Later, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.same, tt.err.RetrySame())
			require.Equal(t, tt.seed, tt.err.NextServer(smtperr.Seed))
			require.Equal(t, tt.mta, tt.err.NextServer(smtperr.MTA))
		})
	}
}

// The numbers are in databases: the list may only grow.
func TestNumbersAreStable(t *testing.T) {
	names := []string{
		"none", "config_error", "local_error", "canceled", "dns_not_found", "dns_timeout", "dns_error", "connect_error", "connect_timeout",
		"tls_verify_error", "tls_error", "tls_timeout", "starttls_refused", "not_supported", "greeting_refused", "helo_refused", "auth_failed",
		"sender_refused", "recipient_refused", "recipients_refused", "data_refused", "service_unavailable", "disconnected", "read_timeout",
		"write_timeout", "protocol_error", "response_error", "unexpected_success", "unknown",
	}
	classes := smtperr.Classes()
	require.Len(t, classes, len(names))
	for i, info := range classes {
		require.Equal(t, names[i], info.Name)
		require.EqualValues(t, i, info.Class)
		parsed, err := smtperr.ParseClass(names[i])
		require.NoError(t, err)
		require.Equal(t, info.Class, parsed)
		if info.Class != smtperr.None {
			require.NotEmpty(t, info.Kinds, info.Name)
			require.NotEmpty(t, info.Fault, info.Name)
			require.NotEmpty(t, info.Meaning, info.Name)
			require.NotEmpty(t, info.Advice, info.Name)
			require.NotEmpty(t, info.SMTPLib, info.Name)
		}
	}
}

func TestErrorTextIsOneBoundedLine(t *testing.T) {
	long := make([]byte, 10000)
	for i := range long {
		long[i] = byte(i)
	}
	e := smtperr.ClassifyReply(smtperr.PhaseMail, smtperr.NewReply(550, []string{string(long), "second"}), smtperr.Circumstances{})
	require.LessOrEqual(t, len(e.Error()), 2000)
	for _, c := range []byte(e.Error()) {
		require.GreaterOrEqual(t, c, byte(' '))
	}
	e.OutcomeUnknown = true
	require.Contains(t, e.Error(), "outcome unknown")
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain":           "plain",
		"a\r\nb":          `a\r\nb`,
		"\x1b[31m\x00":    `\x1b[31m\x00`,
		"caf\xc3\xa9":     `caf\u00e9`,
		"\xff":            `\xff`,
		`back\slash`:      `back\\slash`,
		"\u202e reversed": `\u202e reversed`,
	} {
		require.Equal(t, want, smtperr.Escape(in, 100))
	}
	require.Equal(t, "abc...", smtperr.Escape("abcdef", 3))
}
