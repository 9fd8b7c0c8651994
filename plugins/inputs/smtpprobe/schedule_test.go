package smtpprobe

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func sending(interval time.Duration) func(*SMTPProbe) {
	return func(p *SMTPProbe) {
		p.Settings.Probe, p.To, p.SendInterval = ptr("send"), []string{"a@b.example"}, ptr(config.Duration(interval))
	}
}

// sent counts the messages of so many gathers.
func (s *stage) sent(t *testing.T, gathers int, interval time.Duration) int {
	t.Helper()
	n := 0
	for range gathers {
		s.gathered(t)
		for _, d := range s.depths() {
			if d == smtpprobe.DepthSend {
				n++
			} else {
				require.Equal(t, smtpprobe.DepthRcpt, d)
			}
		}
		time.Sleep(interval)
	}
	return n
}

func TestAMessageGoesOutEverySendIntervalAndProbesStopAtRcptInBetween(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, many(1), sending(5*time.Minute))
		m := s.gathered(t).only(t, "smtpprobe")
		require.Equal(t, "send", m.Tags()["probe"])
		time.Sleep(10 * time.Second)
		m = s.gathered(t).only(t, "smtpprobe")
		require.Equal(t, "rcpt", m.Tags()["probe"], "its own series")
		time.Sleep(10 * time.Second)
		require.Equal(t, 11, s.sent(t, 328, 10*time.Second), "in 55 minutes, the first one included")
	})
}

func TestAGatherThatComesALittleEarlyStillSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, many(1), sending(time.Minute))
		require.Equal(t, 10, s.sent(t, 10, time.Minute-2*time.Millisecond))
	})
}

func TestARelayThatWasDownGetsNoBurstOfMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, many(1), sending(5*time.Minute))
		s.play = refusing
		require.Equal(t, 12, s.sent(t, 60, time.Minute))
		s.play = well
		require.Equal(t, 1, s.sent(t, 5, time.Minute))
	})
}

func TestAProberThatSleptSendsOneMessageOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, many(1), sending(5*time.Minute))
		s.sent(t, 1, 24*time.Hour)
		require.Equal(t, 1, s.sent(t, 20, 10*time.Second))
	})
}

func TestAProbeThatExpectsARefusalNeverSendsAndSaysSo(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(1), func(p *SMTPProbe) {
		sending(5 * time.Minute)(p)
		p.Expect = []string{"recipients_refused"}
	})
	s.SendAlways()
	for range 2 {
		require.Equal(t, "rcpt", s.gathered(t).only(t, "smtpprobe").Tags()["probe"])
	}
	require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthRcpt, smtpprobe.DepthRcpt}, s.depths())
}

func TestOnceAlwaysSends(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(1), sending(5*time.Minute))
	s.SendAlways()
	require.Equal(t, 3, s.sent(t, 3, 0))
}

func TestAnIntervalOfZeroSendsWithEveryProbe(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(1), sending(0))
	require.Equal(t, 3, s.sent(t, 3, 0))
}

// probedAt are the gathers, counted from 0, in which the relay was probed.
func (s *stage) probedAt(t *testing.T, gathers int, interval time.Duration) []int {
	t.Helper()
	var at []int
	for i := range gathers {
		if len(s.gathered(t).named("smtpprobe")) > 0 {
			at = append(at, i)
		}
		time.Sleep(interval)
	}
	return at
}

func TestWithBackoffADeadRelayIsProbedLessAndLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, many(1), func(p *SMTPProbe) { p.Backoff = ptr(config.Duration(100 * time.Second)) })
		s.play = refusing
		require.Equal(t, []int{0, 1, 3, 7, 15, 25, 35}, s.probedAt(t, 40, 10*time.Second))
		s.play = well
		require.Equal(t, []int{5, 6, 7, 8, 9}, s.probedAt(t, 10, 10*time.Second))
	})
}

func TestWithoutBackoffADeadRelayIsProbedEveryTime(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(1), nil)
	s.play = refusing
	require.Len(t, s.probedAt(t, 20, 0), 20)
}

func TestBackoffLeavesTheOtherRelaysAlone(t *testing.T) {
	t.Parallel()
	s := onStage(t, many(2), func(p *SMTPProbe) { p.Backoff = ptr(config.Duration(time.Hour)) })
	s.play = func(p *smtpprobe.Prober) *smtpprobe.Result {
		if p.Target.Host == "r0.example" {
			return refusing(p)
		}
		return well(p)
	}
	total := 0
	for range 8 {
		total += len(s.gathered(t).named("smtpprobe"))
	}
	require.Equal(t, 8+4, total)
}
