package smtpprobe

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestProbe_AnyRelay(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(3), func(p *SMTPProbe) { p.MaxConcurrent = 1 })
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		require.Equal(t, smtpprobe.DepthConnect, p.Plan.Depth)
		if p.Target.Host == "r1.example" {
			return working(p)
		}
		return refusing(p)
	}
	require.NoError(t, s.Probe())
	s.probeAs = refusing
	require.ErrorContains(t, s.Probe(), "no relay can be reached")
	require.ErrorContains(t, s.Probe(), "smtp: connect: could not connect")
}

func TestProbe_Timeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, []string{"mx://example.org"}, nil)
		s.answering(make([]smtpprobe.Target, 20)...)
		s.engine.probe = func(ctx context.Context, p *probeRequest) *smtpprobe.Result {
			<-ctx.Done()
			return failing(p, smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoGreeting, smtperr.PhaseGreeting, ctx.Err()))
		}
		began := time.Now()
		require.ErrorContains(t, s.Probe(), "smtp: greeting: i/o timeout")
		require.Equal(t, 9*time.Second, time.Since(began))
	})
}
