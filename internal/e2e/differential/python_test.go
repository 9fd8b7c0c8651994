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

func TestExceptionsFor(t *testing.T) {
	t.Parallel()
	classified := func(err error) *smtperr.Error {
		e, _ := errors.AsType[*smtperr.Error](err)
		return e
	}
	refusal := func(phase smtperr.Phase, code int) *smtperr.Error {
		return classified(smtperr.ClassifyReply(phase, smtperr.Reply{Code: code}, smtperr.Session{}))
	}
	refusals := func(phase smtperr.Phase, code, accepted int) *smtperr.Error {
		return classified(smtperr.Refusals(phase, []*smtperr.Error{refusal(phase, code)}, accepted))
	}
	for _, tt := range []struct {
		name                string
		err                 *smtperr.Error
		smtplib, aiosmtplib string
	}{
		{"554 in the greeting", refusal(smtperr.PhaseGreeting, 554), "SMTPConnectError", "SMTPConnectResponseError"},
		{"421 in the greeting", refusal(smtperr.PhaseGreeting, 421), "SMTPConnectError", "SMTPConnectResponseError"},
		{"421 to EHLO", refusal(smtperr.PhaseEHLO, 421), "SMTPHeloError", "SMTPHeloError"},
		{"421 in AUTH", refusal(smtperr.PhaseAuth, 421), "SMTPAuthenticationError", "SMTPAuthenticationError"},
		{"421 to MAIL", refusal(smtperr.PhaseMail, 421), "SMTPSenderRefused", "SMTPSenderRefused"},
		{"421 to every RCPT", refusals(smtperr.PhaseRcpt, 421, 0), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 to the second RCPT", refusals(smtperr.PhaseRcpt, 421, 1), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"421 before RCPT", refusal(smtperr.PhaseRcpt, 421), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"354 to RCPT", refusal(smtperr.PhaseRcpt, 354), "SMTPRecipientsRefused", "SMTPResponseException"},
		{"421 to RSET", refusal(smtperr.PhaseRset, 421), "SMTPResponseException", "SMTPResponseException"},
		{"535 in AUTH", refusal(smtperr.PhaseAuth, 535), "SMTPAuthenticationError", "SMTPAuthenticationError"},
		{"some recipients refused", refusals(smtperr.PhaseRcpt, 550, 1), "the dict that sendmail returns", "SMTPRecipientRefused"},
		{"all recipients refused", refusals(smtperr.PhaseRcpt, 550, 0), "SMTPRecipientsRefused", "SMTPRecipientsRefused"},
		{"250 to DATA", refusal(smtperr.PhaseData, 250), "SMTPDataError", "SMTPResponseException"},
		{
			"overlong line", smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong, smtperr.PhaseMail, nil),
			"SMTPResponseException", "SMTPResponseException",
		},
		{"closed before the greeting", classified(smtperr.Classify(smtperr.PhaseGreeting, io.EOF)), "SMTPServerDisconnected", "SMTPConnectError"},
		{"closed after MAIL", classified(smtperr.Classify(smtperr.PhaseMail, io.EOF)), "SMTPServerDisconnected", "SMTPServerDisconnected"},
		{"timeout of the greeting", classified(smtperr.Classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded)), "SMTPServerDisconnected", "SMTPConnectTimeoutError"},
		{"timeout of a reply", classified(smtperr.Classify(smtperr.PhaseMail, os.ErrDeadlineExceeded)), "SMTPServerDisconnected", "SMTPReadTimeoutError"},
		{"unknown host", classified(smtperr.Classify(smtperr.PhaseDNS, &net.DNSError{IsNotFound: true})), "gaierror, herror", "SMTPConnectError"},
		{"open relay", smtperr.New(smtperr.ClassUnexpectedSuccess, "", smtperr.PhaseRcpt, nil), "-", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := exceptionsFor(tt.err)
			require.Equal(t, exceptions{tt.smtplib, tt.aiosmtplib}, got)
		})
	}
}
