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
		{name: "the reason knows", err: refusal(smtperr.PhaseAuth, 535), want: smtperr.ReasonAuthCredentialsInvalid.Advice()},
		{name: "a refusal without a reason", err: refusal(smtperr.PhaseEHLO, 550), want: smtperr.New(smtperr.ClassHeloRefused, "", "", nil).Advice()},
		{name: "no reason", err: smtperr.New(smtperr.ClassWriteTimeout, "", smtperr.PhaseBody, nil), want: "Check the path's MTU and the relay's load."},
		{
			name: "a closed port", err: smtperr.New(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, nil),
			want: "Nothing listens there, or a firewall says so: check that the relay runs, and the port.",
		},
		{name: "a certificate", err: smtperr.New(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil), want: smtperr.ReasonExpired.Advice()},
		{
			name: "a message that expired", err: classifyReply(smtperr.PhaseDot, reply(554, "5.4.7 x"), smtperr.Session{}),
			want: "The message was under way for too long: look at the queue that it lay in.",
		},
	} {
		require.Equal(t, tt.want, tt.err.Advice(), tt.name)
	}
}
