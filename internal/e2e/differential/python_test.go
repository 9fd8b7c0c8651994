//go:build e2e

package differential

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestEqualOf(t *testing.T) {
	t.Parallel()
	classified := func(err error) *smtperr.Error {
		e, _ := errors.AsType[*smtperr.Error](err)
		return e
	}
	refusal := func(phase smtperr.Phase, code int) *smtperr.Error {
		return classified(smtperr.ClassifyReply(phase, smtperr.Reply{Code: code}, smtperr.Session{}))
	}
	sum := func(phase smtperr.Phase, code, accepted int) *smtperr.Error {
		return classified(smtperr.Refusals(phase, []*smtperr.Error{refusal(phase, code)}, accepted))
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
		{"421 to every RCPT", sum(smtperr.PhaseRcpt, 421, 0), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 to the second RCPT", sum(smtperr.PhaseRcpt, 421, 1), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 before RCPT", refusal(smtperr.PhaseRcpt, 421), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"RCPT with 354", refusal(smtperr.PhaseRcpt, 354), "SMTPRecipientsRefused", "SMTPResponseException"},
		{"421 to RSET", refusal(smtperr.PhaseRset, 421), "SMTPResponseException", "SMTPResponseException"},
		{"AUTH", refusal(smtperr.PhaseAuth, 535), "SMTPAuthenticationError", "SMTPAuthenticationError"},
		{"some recipients", sum(smtperr.PhaseRcpt, 550, 1), "the dict that sendmail returns", "SMTPRecipientRefused"},
		{"all recipients", sum(smtperr.PhaseRcpt, 550, 0), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"DATA with 250", refusal(smtperr.PhaseData, 250), "SMTPDataError", "SMTPResponseException"},
		{
			"an overlong line", smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong, smtperr.PhaseMail, nil),
			"SMTPResponseException", "SMTPResponseException",
		},
		{"a lost greeting", classified(smtperr.Classify(smtperr.PhaseGreeting, io.EOF)), "SMTPServerDisconnected", "SMTPConnectError"},
		{"a lost connection", classified(smtperr.Classify(smtperr.PhaseMail, io.EOF)), "SMTPServerDisconnected", "SMTPServerDisconnected"},
		{"a late greeting", classified(smtperr.Classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded)), "SMTPServerDisconnected", "SMTPConnectTimeoutError"},
		{"a late reply", classified(smtperr.Classify(smtperr.PhaseMail, os.ErrDeadlineExceeded)), "SMTPServerDisconnected", "SMTPReadTimeoutError"},
		{"no such host", classified(smtperr.Classify(smtperr.PhaseDNS, &net.DNSError{IsNotFound: true})), "gaierror, herror", "SMTPConnectError"},
		{"an open relay", smtperr.New(smtperr.ClassUnexpectedSuccess, "", smtperr.PhaseRcpt, nil), "-", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := equalOf(tt.err)
			require.Equal(t, equal{tt.smtplib, tt.aiosmtplib}, got)
		})
	}
}
