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

func TestError_Is(t *testing.T) {
	all := []error{
		smtperr.ErrRefused, smtperr.ErrConnect, smtperr.ErrGreeting, smtperr.ErrTimeout, smtperr.ErrDNS, smtperr.ErrTLS,
		smtperr.ErrStartTLS, smtperr.ErrHelo, smtperr.ErrAuth, smtperr.ErrSender, smtperr.ErrRecipient, smtperr.ErrRecipients,
		smtperr.ErrData, smtperr.ErrDisconnected, smtperr.ErrNotSupported, smtperr.ErrUnavailable, smtperr.ErrProtocol, smtperr.ErrConfig,
		smtperr.ErrLocal, smtperr.ErrCanceled, smtperr.ErrUnexpectedSuccess, smtperr.ErrUnknown,
	}
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		is   []error
	}{
		{"421 to MAIL", refusal(smtperr.PhaseMail, 421), []error{smtperr.ErrUnavailable, smtperr.ErrSender, smtperr.ErrRefused}},
		{"421 as greeting", refusal(smtperr.PhaseGreeting, 421), []error{smtperr.ErrUnavailable, smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrRefused}},
		{"421 in AUTH", refusal(smtperr.PhaseAuth, 421), []error{smtperr.ErrUnavailable, smtperr.ErrAuth, smtperr.ErrRefused}},
		{"421 to EHLO", refusal(smtperr.PhaseEHLO, 421), []error{smtperr.ErrUnavailable, smtperr.ErrHelo, smtperr.ErrRefused}},
		{"421 after the dot", refusal(smtperr.PhaseDot, 421), []error{smtperr.ErrUnavailable, smtperr.ErrData, smtperr.ErrRefused}},
		{"a connect timeout", classify(smtperr.PhaseConnect, os.ErrDeadlineExceeded), []error{smtperr.ErrConnect, smtperr.ErrTimeout}},
		{"a refused greeting", refusal(smtperr.PhaseGreeting, 554), []error{smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrRefused}},
		{"a refused recipient", refusal(smtperr.PhaseRcpt, 550), []error{smtperr.ErrRecipient, smtperr.ErrRefused}},
		{"all recipients refused", refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 550)}, 0), []error{smtperr.ErrRecipients, smtperr.ErrRecipient, smtperr.ErrRefused}},
		{"a lost connection", classify(smtperr.PhaseMail, io.EOF), []error{smtperr.ErrDisconnected}},
		{"a late reply, as smtplib has it, too", classify(smtperr.PhaseMail, os.ErrDeadlineExceeded), []error{smtperr.ErrTimeout, smtperr.ErrDisconnected}},
		{"a greeting that never came", classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded), []error{smtperr.ErrTimeout, smtperr.ErrDisconnected, smtperr.ErrConnect}},
		{"a connection closed instead of a greeting", classify(smtperr.PhaseGreeting, io.EOF), []error{smtperr.ErrDisconnected, smtperr.ErrConnect}},
		{"a late resolver", smtperr.New(smtperr.ClassDNSTimeout, "", smtperr.PhaseDNS, nil), []error{smtperr.ErrDNS, smtperr.ErrTimeout}},
		{"a late handshake", smtperr.New(smtperr.ClassTLSTimeout, "", smtperr.PhaseTLS, nil), []error{smtperr.ErrTLS, smtperr.ErrTimeout}},
		{"a bad certificate", smtperr.New(smtperr.ClassTLSVerifyError, "", smtperr.PhaseTLS, nil), []error{smtperr.ErrTLS}},
		{"STARTTLS refused", refusal(smtperr.PhaseSTARTTLS, 454), []error{smtperr.ErrStartTLS, smtperr.ErrRefused}},
		{"HELO refused", refusal(smtperr.PhaseHELO, 550), []error{smtperr.ErrHelo, smtperr.ErrRefused}},
		{"the message refused", refusal(smtperr.PhaseDot, 554), []error{smtperr.ErrData, smtperr.ErrRefused}},
		{"DATA accepted with 250", refusal(smtperr.PhaseData, 250), []error{smtperr.ErrProtocol, smtperr.ErrData, smtperr.ErrRefused}},
		{"a reply without a proper code", refusal(smtperr.PhaseData, 700), []error{smtperr.ErrProtocol}},
		{"421 to RCPT after an accepted one", refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, 1), []error{smtperr.ErrUnavailable, smtperr.ErrRecipient, smtperr.ErrRefused}},
		{"421 to the first RCPT", refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, 0), []error{smtperr.ErrUnavailable, smtperr.ErrRecipient, smtperr.ErrRecipients, smtperr.ErrRefused}},
		{"421 to STARTTLS", refusal(smtperr.PhaseSTARTTLS, 421), []error{smtperr.ErrUnavailable, smtperr.ErrStartTLS, smtperr.ErrRefused}},
		{"421 to RSET", refusal(smtperr.PhaseRset, 421), []error{smtperr.ErrUnavailable, smtperr.ErrRefused}},
		{"RSET refused", refusal(smtperr.PhaseRset, 550), []error{smtperr.ErrRefused}},
		{"an extension that is missing", smtperr.New(smtperr.ClassNotSupported, "", smtperr.PhaseAuth, nil), []error{smtperr.ErrNotSupported}},
		{"our own mistake", smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, nil), []error{smtperr.ErrConfig}},
		{"a fault of this machine", smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseConnect, nil), []error{smtperr.ErrLocal}},
		{"an end from outside", smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseMail, nil), []error{smtperr.ErrCanceled}},
		{"an open relay", smtperr.New(smtperr.ClassUnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, nil), []error{smtperr.ErrUnexpectedSuccess}},
		{"an unknown error", classify(smtperr.PhaseMail, errors.New("x")), []error{smtperr.ErrUnknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wrapped := fmt.Errorf("wrapped: %w", tt.err)
			for _, sentinel := range all {
				require.Equal(t, slices.Contains(tt.is, sentinel), errors.Is(wrapped, sentinel), "%v", sentinel)
			}
		})
	}
}

func TestError_Retry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		want smtperr.Retry
	}{
		{name: "a closed port", err: smtperr.New(smtperr.ClassConnectError, "", smtperr.PhaseConnect, nil), want: smtperr.Now},
		{name: "wrong credentials", err: refusal(smtperr.PhaseAuth, 535), want: smtperr.Never},
		{name: "authentication that fails for now", err: refusal(smtperr.PhaseAuth, 454), want: smtperr.Never},
		{name: "a sender refused for good", err: refusal(smtperr.PhaseMail, 550), want: smtperr.Never},
		{name: "a sender refused for now", err: refusal(smtperr.PhaseMail, 450), want: smtperr.Later},
		{name: "421", err: refusal(smtperr.PhaseMail, 421), want: smtperr.Later},
		{name: "a connection lost before the dot", err: classify(smtperr.PhaseMail, io.EOF), want: smtperr.Now},
		{name: "a connection lost after the dot", err: classify(smtperr.PhaseDot, io.EOF), want: smtperr.Never},
		{name: "a local failure", err: smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseConnect, nil), want: smtperr.Later},
		{name: "canceled", err: smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseConnect, nil), want: smtperr.Never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.err.Retry())
		})
	}
	require.Equal(t, []string{"never", "now", "later"}, []string{smtperr.Never.String(), smtperr.Now.String(), smtperr.Later.String()})
}
