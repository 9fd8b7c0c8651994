package smtperr_test

import (
	"strings"
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
		{name: "a refusal without a reason", err: refusal(smtperr.PhaseEHLO, 550), want: `The reply is the only hint: "550 x". Look in the relay's log.`},
		{
			name: "a reply without text", err: classifyReply(smtperr.PhaseEHLO, smtperr.NewReply(550, nil), smtperr.Session{}),
			want: "The relay gives no reason with its 550. Look in its log.",
		},
		{
			name: "a hostile reply", err: classifyReply(smtperr.PhaseMail, reply(421, "bye\r\n"+strings.Repeat("x", 500)), smtperr.Session{}),
			want: `The reply is the only hint: "421 bye\r\n` + strings.Repeat("x", 109) + `...". Look in the relay's log.`,
		},
		{
			name: "a password that SCRAM needs in a special form",
			err:  classifyReply(smtperr.PhaseAuth, reply(535, "5.7.8 no"), smtperr.Session{Mechanism: "SCRAM-SHA-256"}),
			want: `Check username and password; if they are right, set auth_mechanism = "PLAIN": the relay may not store what SCRAM-SHA-256 needs.`,
		},
		{
			name: "silence in AUTH", err: smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseAuth, nil),
			want: "Check the relay's authentication service; relays also delay replies after failed logins.",
		},
		{
			name: "silence elsewhere", err: smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseRcpt, nil),
			want: smtperr.ReasonNoReply.Advice(),
		},
		{
			name: "a reset after TLS", err: smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonReset, smtperr.PhaseEHLO, nil),
			want: "Look in the relay's log; a reset right after TLS started can be a limit of new TLS sessions.",
		},
		{name: "no reason", err: smtperr.New(smtperr.ClassWriteTimeout, "", smtperr.PhaseBody, nil), want: "Check the path's MTU and the relay's load."},
		{
			name: "a closed port", err: smtperr.New(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, nil),
			want: "Check that the relay runs, its port, and whether a firewall rejects the connection.",
		},
		{name: "a certificate", err: smtperr.New(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil), want: smtperr.ReasonExpired.Advice()},
		{
			name: "a message that expired", err: classifyReply(smtperr.PhaseDot, reply(554, "5.4.7 x"), smtperr.Session{}),
			want: "Look at the relay's queue: the message was in it for too long.",
		},
	} {
		require.Equal(t, tt.want, tt.err.Advice(), tt.name)
	}
}
