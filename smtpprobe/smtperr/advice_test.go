package smtperr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestError_Advice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  *smtperr.Error
		want string
	}{
		{"the reason knows", refusal(smtperr.PhaseAuth, 535), smtperr.ReasonAuthCredentialsInvalid.Advice()},
		{"a refusal without a reason", refusal(smtperr.PhaseEHLO, 550), smtperr.New(smtperr.ClassHeloRefused, "", "", nil).Advice()},
		{"no reason", smtperr.New(smtperr.ClassWriteTimeout, "", smtperr.PhaseBody, nil), "Check the path's MTU and the relay's load."},
		{
			"a closed port", smtperr.New(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, nil),
			"Nothing listens there, or a firewall says so: check that the relay runs, and the port.",
		},
		{"a certificate", smtperr.New(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil), smtperr.ReasonExpired.Advice()},
		{
			"a message that expired", classifyReply(smtperr.PhaseDot, reply(554, "5.4.7 x"), smtperr.Session{}),
			"The message was under way for too long: look at the queue that it lay in.",
		},
	} {
		require.Equal(t, tt.want, tt.err.Advice(), tt.name)
	}
}
