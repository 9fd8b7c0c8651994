package smtpprobe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestProbingAtStartupSucceedsIfAnyRelayDoes(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(3), func(p *SMTPProbe) { p.MaxConcurrent = 1 })
	s.play = func(p *smtpprobe.Prober) *smtpprobe.Result {
		require.Equal(t, smtpprobe.DepthConnect, p.Plan.Depth)
		if p.Target.Host == "r1.example" {
			return well(p)
		}
		return refusing(p)
	}
	require.NoError(t, s.Probe())
	s.play = refusing
	require.ErrorContains(t, s.Probe(), "no relay can be reached")
	require.ErrorContains(t, s.Probe(), "connect_error/refused")
}
