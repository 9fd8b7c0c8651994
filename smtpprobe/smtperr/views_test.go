package smtperr_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestStructsCarryPythonsAttributes(t *testing.T) {
	t.Parallel()
	wrap := func(e *smtperr.Error) error { return fmt.Errorf("sending: %w", e) }

	var response *smtperr.SMTPResponseException
	require.ErrorAs(t, wrap(smtperr.ClassifyReply(smtperr.PhaseRset, reply(550, "5.7.1 no"), smtperr.Circumstances{})), &response)
	require.Equal(t, 550, response.Code)
	require.Equal(t, "5.7.1", response.Enhanced.String())
	require.Equal(t, "5.7.1 no", response.Message)

	var connect *smtperr.SMTPConnectError
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseGreeting, 554)), &connect)
	require.Equal(t, 554, connect.Code)
	require.Equal(t, "x", connect.Message)

	var helo *smtperr.SMTPHeloError
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseEHLO, 550)), &helo)
	require.Equal(t, 550, helo.Code)

	var auth *smtperr.SMTPAuthenticationError
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseAuth, 535)), &auth)
	require.Equal(t, 535, auth.Code)

	var sender *smtperr.SMTPSenderRefused
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseMail, 550)), &sender)
	require.Equal(t, "s@x", sender.Sender)
	require.Equal(t, 550, sender.Code)

	var recipient *smtperr.SMTPRecipientRefused
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseRcpt, 550)), &recipient)
	require.Equal(t, "r@x", recipient.Recipient)

	var recipients *smtperr.SMTPRecipientsRefused
	require.ErrorAs(t, wrap(smtperr.Recipients(smtperr.PhaseRcpt, []*smtperr.Error{refusal(smtperr.PhaseRcpt, 550)}, false)), &recipients)
	require.Len(t, recipients.Recipients, 1)
	require.Equal(t, "r@x", recipients.Recipients[0].Recipient)
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseRcpt, 550)), &recipients, "one that stands alone")
	require.Equal(t, 550, recipients.Recipients[0].Code())

	var data *smtperr.SMTPDataError
	require.ErrorAs(t, wrap(refusal(smtperr.PhaseDot, 554)), &data)
	require.Equal(t, 554, data.Code)

	var gone *smtperr.SMTPServerDisconnected
	require.ErrorAs(t, wrap(smtperr.Classify(smtperr.PhaseMail, io.EOF)), &gone)

	var unsupported *smtperr.SMTPNotSupportedError
	require.ErrorAs(t, wrap(smtperr.New(smtperr.NotSupported, "", smtperr.PhaseAuth, nil)), &unsupported)

	var name *smtperr.GAIError
	require.ErrorAs(t, wrap(smtperr.Classify(smtperr.PhaseDNS, &net.DNSError{IsNotFound: true})), &name)

	var tls *smtperr.SSLError
	require.ErrorAs(t, wrap(&smtperr.Error{Class: smtperr.TLSVerifyError, Details: []string{"expired", "wrong host"}}), &tls)
	require.Equal(t, []string{"expired", "wrong host"}, tls.Details)

	var late *smtperr.SMTPTimeoutError
	require.ErrorAs(t, wrap(smtperr.New(smtperr.ReadTimeout, "", smtperr.PhaseMail, nil)), &late)
	require.True(t, late.Timeout())

	var verdict *smtperr.Error
	require.ErrorAs(t, late, &verdict, "and back")
	require.Equal(t, smtperr.ReadTimeout, verdict.Class)
}

func TestStructsAreOfTheirKindOnly(t *testing.T) {
	t.Parallel()
	err := error(refusal(smtperr.PhaseMail, 550))
	for _, target := range []any{
		new(*smtperr.SMTPConnectError), new(*smtperr.GAIError), new(*smtperr.SSLError), new(*smtperr.SMTPTimeoutError), new(*smtperr.SMTPHeloError),
		new(*smtperr.SMTPAuthenticationError), new(*smtperr.SMTPRecipientRefused), new(*smtperr.SMTPRecipientsRefused), new(*smtperr.SMTPDataError),
		new(*smtperr.SMTPServerDisconnected), new(*smtperr.SMTPNotSupportedError), new(*net.OpError),
	} {
		require.False(t, errors.As(err, target), "%T", target) //nolint:testifylint // the target's type varies
	}
}

func TestStructsStayErrorsOfTheirVerdict(t *testing.T) {
	t.Parallel()
	var sender *smtperr.SMTPSenderRefused
	require.ErrorAs(t, refusal(smtperr.PhaseMail, 421), &sender)
	require.ErrorIs(t, sender, smtperr.ErrUnavailable)
	require.ErrorIs(t, sender, smtperr.ServiceUnavailable)
	require.NotErrorIs(t, sender, smtperr.SenderRefused)

	again := smtperr.Classify(smtperr.PhaseQuit, fmt.Errorf("x: %w", sender))
	require.Equal(t, smtperr.PhaseMail, again.Phase, "wrapping is idempotent for them, too")
	require.Equal(t, again.Error(), sender.Error())
}
