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
		{name: "advice of reason", err: refusal(smtperr.PhaseAuth, 535), want: smtperr.ReasonAuthCredentialsInvalid.Advice()},
		{name: "refusal without known reason", err: refusal(smtperr.PhaseEHLO, 550), want: `Look in the relay's log for the cause of its reply "550 x".`},
		{
			name: "reply without text", err: classifyReply(smtperr.PhaseEHLO, smtperr.NewReply(550, nil), smtperr.Session{}),
			want: "Look in the relay's log for the cause of its reply 550, which has no text.",
		},
		{
			name: "control characters and long text", err: classifyReply(smtperr.PhaseMail, reply(421, "bye\r\n"+strings.Repeat("x", 500)), smtperr.Session{}),
			want: `Look in the relay's log for the cause of its reply "421 bye\r\n` + strings.Repeat("x", 109) + `...".`,
		},
		{
			name: "SCRAM mechanism",
			err:  classifyReply(smtperr.PhaseAuth, reply(535, "5.7.8 no"), smtperr.Session{Mechanism: "SCRAM-SHA-256"}),
			want: `Check username and password; if they are correct, set auth_mechanism = "PLAIN": the relay may not store what SCRAM-SHA-256 needs.`,
		},
		{
			name: "no reply in AUTH", err: smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseAuth, nil),
			want: "Check the relay's authentication service; relays also delay replies after failed logins.",
		},
		{
			name: "no reply to RCPT", err: smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseRcpt, nil),
			want: smtperr.ReasonNoReply.Advice(),
		},
		{
			name: "reset after STARTTLS", err: smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonReset, smtperr.PhaseEHLO, nil),
			want: "Find in the relay's log why it reset the connection; after STARTTLS it may limit new TLS sessions.",
		},
		{name: "no reason", err: smtperr.New(smtperr.ClassWriteTimeout, "", smtperr.PhaseBody, nil), want: "Check the path's MTU and the relay's load."},
		{
			name: "connection refused", err: smtperr.New(smtperr.ClassConnectError, smtperr.ReasonRefused, smtperr.PhaseConnect, nil),
			want: "Start the relay, or correct the port: nothing listens there, or a firewall rejects the connection.",
		},
		{name: "expired certificate", err: smtperr.New(smtperr.ClassTLSVerifyError, smtperr.ReasonExpired, smtperr.PhaseTLS, nil), want: smtperr.ReasonExpired.Advice()},
		{
			name: "expired message", err: classifyReply(smtperr.PhaseDot, reply(554, "5.4.7 x"), smtperr.Session{}),
			want: "Check the relay's queue: the message was in it for too long.",
		},
	} {
		require.Equal(t, tt.want, tt.err.Advice(), tt.name)
	}
}
