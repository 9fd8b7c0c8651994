package smtperr_test

import (
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestPythonsExceptions(t *testing.T) {
	t.Parallel()
	sum := func(phase smtperr.Phase, code int, some bool) *smtperr.Error {
		return smtperr.Recipients(phase, []*smtperr.Error{refusal(phase, code)}, some)
	}
	for _, tt := range []struct {
		name                string
		err                 *smtperr.Error
		smtplib, aiosmtplib string
	}{
		{"a greeting", refusal(smtperr.PhaseGreeting, 554), "SMTPConnectError", "SMTPConnectResponseError"},
		{"421 as greeting", refusal(smtperr.PhaseGreeting, 421), "SMTPConnectError", "SMTPConnectResponseError"},
		{"421 to EHLO", refusal(smtperr.PhaseEHLO, 421), "SMTPHeloError", "SMTPHeloError"},
		{"421 in AUTH", refusal(smtperr.PhaseAuth, 421), "SMTPAuthenticationError", "SMTPAuthenticationError"},
		{"421 to MAIL", refusal(smtperr.PhaseMail, 421), "SMTPSenderRefused", "SMTPSenderRefused"},
		{"421 to every RCPT", sum(smtperr.PhaseRcpt, 421, false), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 to the second RCPT", sum(smtperr.PhaseRcpt, 421, true), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 before RCPT", refusal(smtperr.PhaseRcpt, 421), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"RCPT with 354", refusal(smtperr.PhaseRcpt, 354), "SMTPRecipientsRefused", "SMTPResponseException"},
		{"421 to RSET", refusal(smtperr.PhaseRset, 421), "SMTPResponseException", "SMTPResponseException"},
		{"AUTH", refusal(smtperr.PhaseAuth, 535), "SMTPAuthenticationError", "SMTPAuthenticationError"},
		{"some recipients", sum(smtperr.PhaseRcpt, 550, true), "the dict that sendmail returns", "SMTPRecipientRefused"},
		{"all recipients", sum(smtperr.PhaseRcpt, 550, false), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"DATA with 250", refusal(smtperr.PhaseData, 250), "SMTPDataError", "SMTPResponseException"},
		{
			"an overlong line", smtperr.New(smtperr.ProtocolError, smtperr.ReasonLineTooLong, smtperr.PhaseMail, nil),
			"SMTPResponseException", "SMTPResponseException",
		},
		{"a lost greeting", smtperr.Classify(smtperr.PhaseGreeting, io.EOF), "SMTPServerDisconnected", "SMTPConnectError"},
		{"a lost connection", smtperr.Classify(smtperr.PhaseMail, io.EOF), "SMTPServerDisconnected", "SMTPServerDisconnected"},
		{"a late greeting", smtperr.Classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded), "SMTPServerDisconnected", "SMTPConnectTimeoutError"},
		{"a late reply", smtperr.Classify(smtperr.PhaseMail, os.ErrDeadlineExceeded), "SMTPServerDisconnected", "SMTPReadTimeoutError"},
		{"no such host", smtperr.Classify(smtperr.PhaseDNS, &net.DNSError{IsNotFound: true}), "gaierror, herror", "SMTPConnectError"},
		{"an open relay", smtperr.New(smtperr.UnexpectedSuccess, "", smtperr.PhaseRcpt, nil), "-", "-"},
		{"no error", nil, "-", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			smtplib, aiosmtplib := tt.err.Python()
			require.Equal(t, tt.smtplib, smtplib)
			require.Equal(t, tt.aiosmtplib, aiosmtplib)
		})
	}
}

func TestWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		want string
	}{
		{"the reason knows", refusal(smtperr.PhaseAuth, 535), smtperr.ReasonAuthCredentialsInvalid.Advice()},
		{"a refusal without a reason", refusal(smtperr.PhaseEHLO, 550), smtperr.HeloRefused.Info().Advice},
		{"no reason", smtperr.New(smtperr.WriteTimeout, "", smtperr.PhaseBody, nil), smtperr.WriteTimeout.Info().Advice},
		{
			"a closed port", smtperr.New(smtperr.ConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, nil),
			"Nothing listens there, or a firewall says so: check that the relay runs, and the port.",
		},
		{"a certificate", smtperr.New(smtperr.TLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil), smtperr.ReasonExpired.Advice()},
		{
			"a message that expired", smtperr.ClassifyReply(smtperr.PhaseDot, reply(554, "5.4.7 x"), smtperr.Circumstances{}),
			"The message was under way for too long: look at the queue that it lay in.",
		},
	} {
		require.Equal(t, tt.want, tt.err.Advice(), tt.name)
	}
}
