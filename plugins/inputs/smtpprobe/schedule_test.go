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
		p.Settings.Probe, p.To, p.SendInterval = "send", []string{"a@b.example"}, config.Duration(interval)
	}
}

// sent returns the number of messages of a number of gathers.
func (s *fakeEngine) sent(t *testing.T, gathers int, interval time.Duration) int {
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

func TestSendInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), sending(5*time.Minute))
		m := s.gathered(t).only(t, "smtpprobe")
		require.Equal(t, "send", m.Tags()["probe"])
		time.Sleep(10 * time.Second)
		m = s.gathered(t).only(t, "smtpprobe")
		require.Equal(t, "rcpt", m.Tags()["probe"], "a separate series")
		time.Sleep(10 * time.Second)
		require.Equal(t, 11, s.sent(t, 328, 10*time.Second), "in 55 minutes, including the first")
	})
}

func TestSendInterval_EarlyGather(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), sending(time.Minute))
		require.Equal(t, 10, s.sent(t, 10, time.Minute-2*time.Millisecond))
	})
}

func TestSendInterval_AfterFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), sending(5*time.Minute))
		s.probeAs = refusing
		require.Equal(t, 12, s.sent(t, 60, time.Minute))
		s.probeAs = working
		require.Equal(t, 1, s.sent(t, 5, time.Minute))
	})
}

func TestSendInterval_AfterSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), sending(5*time.Minute))
		s.sent(t, 1, 24*time.Hour)
		require.Equal(t, 1, s.sent(t, 20, 10*time.Second))
	})
}

func TestSendInterval_ExpectedRefusal(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), func(p *SMTPProbe) {
		sending(5 * time.Minute)(p)
		p.Expect = []string{"recipients_refused"}
	})
	s.SendAlways()
	for range 2 {
		require.Equal(t, "rcpt", s.gathered(t).only(t, "smtpprobe").Tags()["probe"])
	}
	require.Equal(t, []smtpprobe.Depth{smtpprobe.DepthRcpt, smtpprobe.DepthRcpt}, s.depths())
}

func TestSendInterval_SendAlways(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), sending(5*time.Minute))
	s.SendAlways()
	require.Equal(t, 3, s.sent(t, 3, 0))
}

func TestSendInterval_Zero(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), sending(0))
	require.Equal(t, 3, s.sent(t, 3, 0))
}

// probedAt returns the gathers, counted from 0, in which the relay was probed.
func (s *fakeEngine) probedAt(t *testing.T, gathers int, interval time.Duration) []int {
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

func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(1), func(p *SMTPProbe) { p.Backoff = config.Duration(100 * time.Second) })
		s.probeAs = refusing
		require.Equal(t, []int{0, 1, 3, 7, 15, 25, 35}, s.probedAt(t, 40, 10*time.Second))
		s.probeAs = working
		require.Equal(t, []int{5, 6, 7, 8, 9}, s.probedAt(t, 10, 10*time.Second))
	})
}

func TestBackoff_Off(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), nil)
	s.probeAs = refusing
	require.Len(t, s.probedAt(t, 20, 0), 20)
}

func TestBackoff_OtherRelays(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(2), func(p *SMTPProbe) { p.Backoff = config.Duration(time.Hour) })
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		if p.Target.Host == "r0.example" {
			return refusing(p)
		}
		return working(p)
	}
	total := 0
	for range 8 {
		total += len(s.gathered(t).named("smtpprobe"))
	}
	require.Equal(t, 8+4, total)
}
