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
		{name: "554 in the greeting", err: refusal(smtperr.PhaseGreeting, 554), smtplib: "SMTPConnectError", aiosmtplib: "SMTPConnectResponseError"},
		{name: "421 in the greeting", err: refusal(smtperr.PhaseGreeting, 421), smtplib: "SMTPConnectError", aiosmtplib: "SMTPConnectResponseError"},
		{name: "421 to EHLO", err: refusal(smtperr.PhaseEHLO, 421), smtplib: "SMTPHeloError", aiosmtplib: "SMTPHeloError"},
		{name: "421 in AUTH", err: refusal(smtperr.PhaseAuth, 421), smtplib: "SMTPAuthenticationError", aiosmtplib: "SMTPAuthenticationError"},
		{name: "421 to MAIL", err: refusal(smtperr.PhaseMail, 421), smtplib: "SMTPSenderRefused", aiosmtplib: "SMTPSenderRefused"},
		{name: "421 to every RCPT", err: refusals(smtperr.PhaseRcpt, 421, 0), smtplib: "SMTPRecipientsRefused", aiosmtplib: "SMTPRecipientsRefused"},
		{name: "421 to the second RCPT", err: refusals(smtperr.PhaseRcpt, 421, 1), smtplib: "SMTPRecipientsRefused", aiosmtplib: "SMTPRecipientsRefused"},
		{name: "421 before RCPT", err: refusal(smtperr.PhaseRcpt, 421), smtplib: "SMTPRecipientsRefused", aiosmtplib: "SMTPRecipientsRefused"},
		{name: "354 to RCPT", err: refusal(smtperr.PhaseRcpt, 354), smtplib: "SMTPRecipientsRefused", aiosmtplib: "SMTPResponseException"},
		{name: "421 to RSET", err: refusal(smtperr.PhaseRset, 421), smtplib: "SMTPResponseException", aiosmtplib: "SMTPResponseException"},
		{name: "535 in AUTH", err: refusal(smtperr.PhaseAuth, 535), smtplib: "SMTPAuthenticationError", aiosmtplib: "SMTPAuthenticationError"},
		{
			name: "some recipients refused", err: refusals(smtperr.PhaseRcpt, 550, 1),
			smtplib: "the dict that sendmail returns", aiosmtplib: "SMTPRecipientRefused",
		},
		{name: "all recipients refused", err: refusals(smtperr.PhaseRcpt, 550, 0), smtplib: "SMTPRecipientsRefused", aiosmtplib: "SMTPRecipientsRefused"},
		{name: "250 to DATA", err: refusal(smtperr.PhaseData, 250), smtplib: "SMTPDataError", aiosmtplib: "SMTPResponseException"},
		{
			name: "overlong line", err: smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonLineTooLong, smtperr.PhaseMail, nil),
			smtplib: "SMTPResponseException", aiosmtplib: "SMTPResponseException",
		},
		{
			name: "closed before the greeting", err: classified(smtperr.Classify(smtperr.PhaseGreeting, io.EOF)),
			smtplib: "SMTPServerDisconnected", aiosmtplib: "SMTPConnectError",
		},
		{
			name: "closed after MAIL", err: classified(smtperr.Classify(smtperr.PhaseMail, io.EOF)),
			smtplib: "SMTPServerDisconnected", aiosmtplib: "SMTPServerDisconnected",
		},
		{
			name: "timeout of the greeting", err: classified(smtperr.Classify(smtperr.PhaseGreeting, os.ErrDeadlineExceeded)),
			smtplib: "SMTPServerDisconnected", aiosmtplib: "SMTPConnectTimeoutError",
		},
		{
			name: "timeout of a reply", err: classified(smtperr.Classify(smtperr.PhaseMail, os.ErrDeadlineExceeded)),
			smtplib: "SMTPServerDisconnected", aiosmtplib: "SMTPReadTimeoutError",
		},
		{
			name: "unknown host", err: classified(smtperr.Classify(smtperr.PhaseDNS, &net.DNSError{IsNotFound: true})),
			smtplib: "gaierror, herror", aiosmtplib: "SMTPConnectError",
		},
		{name: "open relay", err: smtperr.New(smtperr.ClassUnexpectedSuccess, "", smtperr.PhaseRcpt, nil), smtplib: "-", aiosmtplib: "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := exceptionsFor(tt.err)
			require.Equal(t, exceptions{tt.smtplib, tt.aiosmtplib}, got)
		})
	}
}
