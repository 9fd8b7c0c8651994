package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
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
		{"a greeting that never came", smtperr.Classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded), []*smtperr.Kind{smtperr.ErrTimeout, smtperr.ErrDisconnected, smtperr.ErrConnect, smtperr.ErrOS}},
		{"a connection closed instead of a greeting", smtperr.Classify(smtperr.PhaseGreeting, io.EOF), []*smtperr.Kind{smtperr.ErrDisconnected, smtperr.ErrConnect, smtperr.ErrOS}},
		{"a late resolver", smtperr.New(smtperr.DNSTimeout, "", smtperr.PhaseDNS, nil), []*smtperr.Kind{smtperr.ErrDNS, smtperr.ErrTimeout, smtperr.ErrOS}},
		{"a late handshake", smtperr.New(smtperr.TLSTimeout, "", smtperr.PhaseTLS, nil), []*smtperr.Kind{smtperr.ErrTLS, smtperr.ErrTimeout, smtperr.ErrOS}},
		{"a bad certificate", smtperr.New(smtperr.TLSVerifyError, "", smtperr.PhaseTLS, nil), []*smtperr.Kind{smtperr.ErrTLS, smtperr.ErrOS}},
		{"STARTTLS refused", refusal(smtperr.PhaseSTARTTLS, 454), []*smtperr.Kind{smtperr.ErrStartTLS, smtperr.ErrResponse}},
		{"HELO refused", refusal(smtperr.PhaseHELO, 550), []*smtperr.Kind{smtperr.ErrHelo, smtperr.ErrResponse}},
		{"the message refused", refusal(smtperr.PhaseDot, 554), []*smtperr.Kind{smtperr.ErrData, smtperr.ErrResponse}},
		{"DATA accepted with 250", refusal(smtperr.PhaseData, 250), []*smtperr.Kind{smtperr.ErrProtocol, smtperr.ErrData, smtperr.ErrResponse}},
		{"a reply without a proper code", refusal(smtperr.PhaseData, 700), []*smtperr.Kind{smtperr.ErrProtocol}},
		{"421 to RCPT after an accepted one", smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, true), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrRecipientRefused, smtperr.ErrResponse}},
		{"421 to the first RCPT", smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, false), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrRecipientRefused, smtperr.ErrRecipientsRefused, smtperr.ErrResponse}},
		{"421 to STARTTLS", refusal(smtperr.PhaseSTARTTLS, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrStartTLS, smtperr.ErrResponse}},
		{"421 to RSET", refusal(smtperr.PhaseRset, 421), []*smtperr.Kind{smtperr.ErrUnavailable, smtperr.ErrResponse}},
		{"RSET refused", refusal(smtperr.PhaseRset, 550), []*smtperr.Kind{smtperr.ErrResponse}},
		{"an extension that is missing", smtperr.New(smtperr.NotSupported, "", smtperr.PhaseAuth, nil), []*smtperr.Kind{smtperr.ErrNotSupported}},
		{"our own mistake", smtperr.New(smtperr.ConfigError, "", smtperr.PhaseConfig, nil), []*smtperr.Kind{smtperr.ErrConfig}},
		{"a fault of this machine", smtperr.New(smtperr.LocalError, "", smtperr.PhaseConnect, nil), []*smtperr.Kind{smtperr.ErrLocal, smtperr.ErrOS}},
		{"an end from outside", smtperr.New(smtperr.Canceled, "", smtperr.PhaseMail, nil), []*smtperr.Kind{smtperr.ErrCanceled}},
		{"an open relay", smtperr.New(smtperr.UnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, nil), []*smtperr.Kind{smtperr.ErrUnexpectedSuccess}},
		{"an unknown error", smtperr.Classify(smtperr.PhaseMail, errors.New("x")), []*smtperr.Kind{smtperr.ErrUnknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := append([]*smtperr.Kind{smtperr.ErrSMTP}, tt.is...)
			wrapped := fmt.Errorf("wrapped: %w", tt.err)
			for _, k := range all {
				require.Equal(t, slices.Contains(want, k), errors.Is(wrapped, k), "%v", k)
			}
			require.ErrorIs(t, wrapped, tt.err.Class)
		})
	}
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
