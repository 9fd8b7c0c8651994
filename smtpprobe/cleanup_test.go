package smtpprobe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestQuit_Grace(t *testing.T) {
	t.Parallel()
	r, _ := converse(t, plain, smtptest.Script{Quit: smtptest.Then(smtptest.Pause(600*time.Millisecond), smtptest.Say("221 bye"))}, func(p *probing) {
		p.Timeout = 300 * time.Millisecond
	})
	require.NoError(t, r.Err)
	require.Empty(t, r.Secondary)
	require.NotNil(t, timeOf(r, smtperr.PhaseQuit))
}

func TestCleanUp_421(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		script  smtptest.Script
		plan    func(*probing)
		class   smtperr.Class
		phase   smtperr.Phase
		warning bool
	}{
		{
			name: "before QUIT", script: smtptest.Script{EHLO: smtptest.Say("250 relay.test", "421 4.3.2 going down")}, plan: ehloOnly,
			class: smtperr.ClassServiceUnavailable, phase: smtperr.PhaseQuit,
		},
		{
			name: "before RSET", script: smtptest.Script{Rcpt: smtptest.Say("250 ok", "421 4.3.2 going down")}, plan: rcpt(alice),
			class: smtperr.ClassServiceUnavailable, phase: smtperr.PhaseQuit,
		},
		{name: "as the reply to QUIT", script: smtptest.Script{Quit: smtptest.Say("421 4.3.2 bye")}, plan: ehloOnly, phase: smtperr.PhaseDone, warning: true},
		{name: "as the reply to RSET", script: smtptest.Script{Rset: smtptest.Say("421 4.3.2 bye")}, plan: rcpt(alice), phase: smtperr.PhaseDone, warning: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, _ := converse(t, plain, tt.script, tt.plan)
			got := outcomeOf(r)
			require.Equal(t, tt.class, got.class, r.Err)
			require.Equal(t, tt.phase, got.phase)
			require.Equal(t, r.Expected, r.Err == nil)
			if tt.warning {
				require.Equal(t, []smtpprobe.Warning{smtpprobe.WarnQuit421}, r.Warnings)
			} else {
				require.NotContains(t, r.Warnings, smtpprobe.WarnQuit421)
			}
		})
	}
}

func TestFailed(t *testing.T) {
	t.Parallel()
	e := smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS, nil)
	r := smtpprobe.Failed(smtpprobe.Plan{Expect: []smtpprobe.Expectation{{Class: smtperr.ClassDNSNotFound}}}, time.Now().Add(-time.Second), e)
	require.ErrorIs(t, r.Err, smtperr.ErrDNS)
	require.True(t, r.Expected)
	require.GreaterOrEqual(t, r.Total, time.Second)
	require.Equal(t, smtperr.PhaseDNS, r.Phases[0].Phase)
}
