package smtpprobe

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

// These tests use a fake clock, so they do not depend on the load of the machine.

func TestGather_StartInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const relays = 50
		s := withEngine(t, many(relays), func(p *SMTPProbe) { p.MaxConcurrent = relays })
		var mu sync.Mutex
		var starts []time.Duration
		begin := time.Now()
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			mu.Lock()
			starts = append(starts, time.Since(begin))
			mu.Unlock()
			time.Sleep(time.Second)
			return working(p)
		}
		s.gathered(t)
		require.Len(t, starts, relays)
		for i, at := range starts {
			require.Equal(t, time.Duration(i)*startInterval, at, "probe %d", i)
		}
	})
}

func TestGather_StartInterval_AtLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1000), func(p *SMTPProbe) { p.MaxConcurrent = 1 })
		begin := time.Now()
		s.gathered(t)
		require.Zero(t, time.Since(begin), "no pause between probes")
	})
}

func TestGather_HangingRelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const relays = 200
		s := withEngine(t, many(relays), func(p *SMTPProbe) { p.MaxConcurrent = 2 })
		acc := newRecord(t)
		var others []string
		s.probeAs = func(p *probeRequest) *smtpprobe.Result {
			if p.Target.Host == "r0.example" {
				for range relays - 1 {
					m := <-acc.arrived
					others = append(others, m.Tags()["source"])
				}
			}
			return working(p)
		}
		require.NoError(t, s.Gather(acc))
		require.Len(t, others, relays-1)
		require.NotContains(t, others, "r0.example")
		require.Equal(t, "r0.example", acc.only(t, "smtpprobe").Tags()["source"])
	})
}
