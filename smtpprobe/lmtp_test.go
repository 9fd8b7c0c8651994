package smtpprobe_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const carol = "carol@example.org"

// RFC 2033 §4.2: after the dot one reply for each accepted recipient, in order.
func TestLMTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		script    smtptest.Script
		want      outcome
		accepted  []bool
		delivered bool
		unknown   bool
	}{
		{
			name: "all delivered", script: smtptest.Script{},
			want: outcome{phase: smtperr.PhaseDone, code: 250}, accepted: []bool{true, true, true}, delivered: true,
		},
		{
			name:     "one refused at RCPT, one after the dot",
			script:   smtptest.Script{Rcpt: smtptest.Match("alice", smtptest.Say("550 5.1.1 unknown")), Dot: smtptest.Match("bob", smtptest.Say("552 5.2.2 full"))},
			want:     outcome{class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnknown, phase: smtperr.PhaseRcpt, code: 550, enhanced: enhanced(5, 1, 1)},
			accepted: []bool{false, false, true}, delivered: true,
		},
		{
			name: "one refused after the dot", script: smtptest.Script{Dot: smtptest.Match("bob", smtptest.Say("452 4.2.2 full"))},
			want:     outcome{class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxFull, phase: smtperr.PhaseDot, code: 452, enhanced: enhanced(4, 2, 2), temporary: true},
			accepted: []bool{true, false, true}, delivered: true,
		},
		{
			name: "all refused after the dot", script: smtptest.Script{Dot: smtptest.Say("550 5.7.1 no")},
			want:     outcome{class: smtperr.ClassRecipientsRefused, reason: smtperr.ReasonContentRejected, phase: smtperr.PhaseDot, code: 550, enhanced: enhanced(5, 7, 1)},
			accepted: []bool{false, false, false},
		},
		{
			name: "closed after the first reply", script: smtptest.Script{Dot: smtptest.Seq(smtptest.Healthy(), smtptest.HalfClose())},
			want:     outcome{class: smtperr.ClassDisconnected, reason: smtperr.ReasonClosed, phase: smtperr.PhaseDot, temporary: true},
			accepted: []bool{true, false, false}, delivered: true, unknown: true,
		},
		{
			name: "closed after a refusal", script: smtptest.Script{Dot: smtptest.Seq(smtptest.Say("550 5.1.1 unknown"), smtptest.HalfClose())},
			want:     outcome{class: smtperr.ClassRecipientRefused, reason: smtperr.ReasonMailboxUnknown, phase: smtperr.PhaseDot, code: 550, enhanced: enhanced(5, 1, 1)},
			accepted: []bool{false, false, false}, unknown: true,
		},
		{
			name: "421 for the last", script: smtptest.Script{Dot: smtptest.Match("carol", smtptest.Say("421 4.3.2 no more"))},
			want:     outcome{class: smtperr.ClassServiceUnavailable, reason: smtperr.ReasonNotAccepting, phase: smtperr.PhaseDot, code: 421, enhanced: enhanced(4, 3, 2), temporary: true},
			accepted: []bool{true, true, false}, delivered: true,
		},
		{
			name: "LHLO unknown", script: smtptest.Script{LHLO: smtptest.Say("500 5.5.1 what")},
			want: outcome{class: smtperr.ClassHeloRefused, reason: smtperr.ReasonNotLMTP, phase: smtperr.PhaseEHLO, code: 500, enhanced: enhanced(5, 5, 1)},
		},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(tt.name+" over "+network, func(t *testing.T) {
				t.Parallel()
				script := tt.script
				script.LMTP = true
				var options []smtptest.Option
				target := smtpprobe.Target{LMTP: true, TLS: smtpprobe.TLSNever}
				if network == "unix" {
					target.Socket = filepath.Join(t.TempDir(), "lmtp")
					options = append(options, smtptest.On("unix", target.Socket))
				}
				srv := smtptest.Start(t, script, options...)
				if network == "tcp" {
					target.Host, target.Port = srv.Host(), srv.Port()
				}
				p := prober(srv, plain)
				p.Target = target
				send(alice, bob, carol)(p)
				r := p.probe(context.Background())
				s := srv.Session(t)

				require.Equal(t, tt.want, outcomeOf(r), "%v", r.Err)
				require.Len(t, r.Recipients, len(tt.accepted))
				for i, accepted := range tt.accepted {
					require.Equal(t, accepted, r.Recipients[i].Accepted, r.Recipients[i].Address)
				}
				require.Equal(t, tt.delivered, r.MessageAccepted)
				requireTimes(t, r)
				for _, rcpt := range r.Recipients {
					require.False(t, !rcpt.Accepted && rcpt.Reply != nil && rcpt.Reply.Code < 300, "%s is not accepted, but has the reply %v", rcpt.Address, rcpt.Reply)
				}
				if tt.want.phase == smtperr.PhaseDot && !tt.unknown {
					require.NotNil(t, timeOf(r, smtperr.PhaseDot), "all replies were received")
				}
				require.Equal(t, tt.unknown, r.Err != nil && failure(r).OutcomeUnknown)
				require.Equal(t, "LHLO probe.test", s.Commands()[0])
				require.False(t, wasSent(s, "HELO"))
			})
		}
	}
}
