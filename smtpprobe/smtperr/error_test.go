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
		{name: "421 to MAIL", err: refusal(smtperr.PhaseMail, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrSender, smtperr.ErrRefused}},
		{name: "421 greeting", err: refusal(smtperr.PhaseGreeting, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrRefused}},
		{name: "421 in AUTH", err: refusal(smtperr.PhaseAuth, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrAuth, smtperr.ErrRefused}},
		{name: "421 to EHLO", err: refusal(smtperr.PhaseEHLO, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrHelo, smtperr.ErrRefused}},
		{name: "421 after the dot", err: refusal(smtperr.PhaseDot, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrData, smtperr.ErrRefused}},
		{name: "connect timeout", err: classify(smtperr.PhaseConnect, os.ErrDeadlineExceeded), is: []error{smtperr.ErrConnect, smtperr.ErrTimeout}},
		{name: "refused greeting", err: refusal(smtperr.PhaseGreeting, 554), is: []error{smtperr.ErrGreeting, smtperr.ErrConnect, smtperr.ErrRefused}},
		{name: "refused recipient", err: refusal(smtperr.PhaseRcpt, 550), is: []error{smtperr.ErrRecipient, smtperr.ErrRefused}},
		{name: "all recipients refused", err: refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 550)}, 0), is: []error{smtperr.ErrRecipients, smtperr.ErrRecipient, smtperr.ErrRefused}},
		{name: "lost connection", err: classify(smtperr.PhaseMail, io.EOF), is: []error{smtperr.ErrDisconnected}},
		{name: "reply timeout", err: classify(smtperr.PhaseMail, os.ErrDeadlineExceeded), is: []error{smtperr.ErrTimeout, smtperr.ErrDisconnected}},
		{name: "greeting timeout", err: classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded), is: []error{smtperr.ErrTimeout, smtperr.ErrDisconnected, smtperr.ErrConnect}},
		{name: "closed before greeting", err: classify(smtperr.PhaseGreeting, io.EOF), is: []error{smtperr.ErrDisconnected, smtperr.ErrConnect}},
		{name: "DNS timeout", err: smtperr.New(smtperr.ClassDNSTimeout, "", smtperr.PhaseDNS, nil), is: []error{smtperr.ErrDNS, smtperr.ErrTimeout}},
		{name: "TLS timeout", err: smtperr.New(smtperr.ClassTLSTimeout, "", smtperr.PhaseTLS, nil), is: []error{smtperr.ErrTLS, smtperr.ErrTimeout}},
		{name: "invalid certificate", err: smtperr.New(smtperr.ClassTLSVerifyError, "", smtperr.PhaseTLS, nil), is: []error{smtperr.ErrTLS}},
		{name: "STARTTLS refused", err: refusal(smtperr.PhaseSTARTTLS, 454), is: []error{smtperr.ErrStartTLS, smtperr.ErrRefused}},
		{name: "HELO refused", err: refusal(smtperr.PhaseHELO, 550), is: []error{smtperr.ErrHelo, smtperr.ErrRefused}},
		{name: "554 after the dot", err: refusal(smtperr.PhaseDot, 554), is: []error{smtperr.ErrData, smtperr.ErrRefused}},
		{name: "250 to DATA", err: refusal(smtperr.PhaseData, 250), is: []error{smtperr.ErrProtocol, smtperr.ErrData, smtperr.ErrRefused}},
		{name: "invalid code", err: refusal(smtperr.PhaseData, 700), is: []error{smtperr.ErrProtocol}},
		{name: "421 to RCPT after an accepted recipient", err: refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, 1), is: []error{smtperr.ErrUnavailable, smtperr.ErrRecipient, smtperr.ErrRefused}},
		{name: "421 to the only RCPT", err: refusals(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 421)}, 0), is: []error{smtperr.ErrUnavailable, smtperr.ErrRecipient, smtperr.ErrRecipients, smtperr.ErrRefused}},
		{name: "421 after the dot in LMTP", err: refusals(smtperr.PhaseDot, []*smtperr.Error{refusal(smtperr.PhaseDot, 421)}, 0), is: []error{smtperr.ErrUnavailable, smtperr.ErrData, smtperr.ErrRefused}},
		{name: "421 to STARTTLS", err: refusal(smtperr.PhaseSTARTTLS, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrStartTLS, smtperr.ErrRefused}},
		{name: "421 to RSET", err: refusal(smtperr.PhaseRset, 421), is: []error{smtperr.ErrUnavailable, smtperr.ErrRefused}},
		{name: "RSET refused", err: refusal(smtperr.PhaseRset, 550), is: []error{smtperr.ErrRefused}},
		{name: "missing extension", err: smtperr.New(smtperr.ClassNotSupported, "", smtperr.PhaseAuth, nil), is: []error{smtperr.ErrNotSupported}},
		{name: "configuration error", err: smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, nil), is: []error{smtperr.ErrConfig}},
		{name: "local error", err: smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseConnect, nil), is: []error{smtperr.ErrLocal}},
		{name: "canceled", err: smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseMail, nil), is: []error{smtperr.ErrCanceled}},
		{name: "open relay", err: smtperr.New(smtperr.ClassUnexpectedSuccess, smtperr.ReasonOpenRelay, smtperr.PhaseRcpt, nil), is: []error{smtperr.ErrUnexpectedSuccess}},
		{name: "unknown error", err: classify(smtperr.PhaseMail, errors.New("x")), is: []error{smtperr.ErrUnknown}},
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
		{name: "connection refused", err: smtperr.New(smtperr.ClassConnectError, "", smtperr.PhaseConnect, nil), want: smtperr.Now},
		{name: "535 in AUTH", err: refusal(smtperr.PhaseAuth, 535), want: smtperr.Never},
		{name: "454 in AUTH", err: refusal(smtperr.PhaseAuth, 454), want: smtperr.Never},
		{name: "sender refused with 5xx", err: refusal(smtperr.PhaseMail, 550), want: smtperr.Never},
		{name: "sender refused with 4xx", err: refusal(smtperr.PhaseMail, 450), want: smtperr.Later},
		{name: "421", err: refusal(smtperr.PhaseMail, 421), want: smtperr.Later},
		{name: "lost before the dot", err: classify(smtperr.PhaseMail, io.EOF), want: smtperr.Now},
		{name: "lost after the dot", err: classify(smtperr.PhaseDot, io.EOF), want: smtperr.Never},
		{name: "local error", err: smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseConnect, nil), want: smtperr.Later},
		{name: "canceled", err: smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseConnect, nil), want: smtperr.Never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.err.Retry())
		})
	}
	require.Equal(t, []string{"never", "now", "later"}, []string{smtperr.Never.String(), smtperr.Now.String(), smtperr.Later.String()})
}

func TestRefusals_Representative(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		codes []int
		want  int
	}{
		{name: "first 5xx", codes: []int{550, 551}, want: 550},
		{name: "first 4xx", codes: []int{550, 450, 451}, want: 450},
		{name: "421 after another 4xx", codes: []int{450, 421}, want: 421},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var refused []*smtperr.Error
			for _, code := range tt.codes {
				refused = append(refused, refusal(smtperr.PhaseRcpt, code))
			}
			sum := refusals(smtperr.PhaseRcpt, refused, 1)
			require.Equal(t, tt.want, sum.Code())
			require.Equal(t, tt.want < 500, sum.Temporary())
			require.Equal(t, refused, sum.Recipients)
		})
	}
}
