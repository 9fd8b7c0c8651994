package smtpprobe

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// fakeEngine is a plugin whose engine is the function probeAs.
type fakeEngine struct {
	*SMTPProbe
	log *debugLog

	mu      sync.Mutex
	probed  []probeRequest
	probeAs func(*probeRequest) *smtpprobe.Result
}

// withEngine returns a plugin with servers and a fake engine. change may set other
// settings before Init.
func withEngine(t testing.TB, servers []string, change func(*SMTPProbe)) *fakeEngine {
	t.Helper()
	s := &fakeEngine{SMTPProbe: New(), log: &debugLog{}}
	s.Servers, s.Log = servers, s.log
	s.Helo = "probe.example"
	if change != nil {
		change(s.SMTPProbe)
	}
	require.NoError(t, s.Init())
	s.probeAs = working
	s.engine.probe = func(ctx context.Context, p *probeRequest) *smtpprobe.Result {
		s.mu.Lock()
		s.probed = append(s.probed, *p)
		probe := s.probeAs
		s.mu.Unlock()
		if ctx.Err() != nil {
			return failing(p, smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseConnect, ctx.Err()))
		}
		return probe(p)
	}
	return s
}

func working(p *probeRequest) *smtpprobe.Result {
	return &smtpprobe.Result{
		Depth: p.Plan.Depth, Start: time.Now(), Total: time.Millisecond, Expected: true, Reply: reply(250, "ok"),
		Capabilities: &smtpprobe.Capabilities{Extensions: map[string]string{"SIZE": ""}},
	}
}

func failing(p *probeRequest, err *smtperr.Error) *smtpprobe.Result {
	return &smtpprobe.Result{Depth: p.Plan.Depth, Start: time.Now(), Total: time.Millisecond, Err: err, Reply: err.Reply}
}

func refusing(p *probeRequest) *smtpprobe.Result {
	return failing(p, smtperr.New(smtperr.ClassConnectError, "refused", smtperr.PhaseConnect, nil))
}

// gathered gathers once.
func (s *fakeEngine) gathered(t testing.TB) *record {
	t.Helper()
	acc := newRecord(t)
	require.NoError(t, s.Gather(acc))
	return acc
}

// depths returns the depths of the probes since the last call.
func (s *fakeEngine) depths() []smtpprobe.Depth {
	s.mu.Lock()
	defer s.mu.Unlock()
	depths := make([]smtpprobe.Depth, 0, len(s.probed))
	for _, p := range s.probed {
		depths = append(depths, p.Plan.Depth)
	}
	s.probed = nil
	return depths
}

func many(n int) []string {
	servers := make([]string, n)
	for i := range servers {
		servers[i] = "smtp://r" + strconv.Itoa(i) + ".example"
	}
	return servers
}

func TestGather_OneMetricPerRelay(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"smtp://a.example", "lmtp:///run/lmtp", "smtps://[::1]:4650"}, nil)
	metrics := s.gathered(t).named("smtpprobe")
	require.Len(t, metrics, 3)
	require.Equal(t, map[string]string{
		"relay": "lmtp:///run/lmtp", "source": "/run/lmtp", "probe": "ehlo", "tls": "never",
		"error_class": "none", "reason": "none", "reply_code": "250", "phase": "done", "fault": "none",
	}, metrics[0].Tags())
	require.Equal(t, "25", metrics[1].Tags()["port"])
	require.Equal(t, "::1", metrics[2].Tags()["source"])
	require.Equal(t, "4650", metrics[2].Tags()["port"])
	require.Equal(t, "implicit", metrics[2].Tags()["tls"])
}

func TestGather_Failure(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), nil)
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		require.Equal(t, smtpprobe.TranscriptOnFailure, p.Plan.Transcript)
		r := refusing(p)
		r.Transcript = []smtpprobe.Line{{At: time.Second, Dir: smtpprobe.Event, Text: "connected"}}
		return r
	}
	m := s.gathered(t).only(t, "smtpprobe")
	require.Equal(t, int64(0), m.Fields()["success"])
	require.Equal(t, "smtp://r0.example: smtp: connect: could not connect\nsmtp://r0.example:    1.000s * connected", s.log.text())
}

func TestLog_Success(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(3), nil)
	s.gathered(t)
	require.Empty(t, s.log.text())
}

func TestGather_MaxConcurrent(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1000), func(p *SMTPProbe) { p.MaxConcurrent = 7 })
	var now, most atomic.Int64
	before := runtime.NumGoroutine()
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		runtime.Gosched()
		return working(p)
	}
	require.Len(t, s.gathered(t).named("smtpprobe"), 1000)
	require.LessOrEqual(t, most.Load(), int64(7))
	require.Positive(t, most.Load())
	require.Less(t, runtime.NumGoroutine(), before+50)
}

func TestGather_Streaming(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(2), nil)
	release := make(chan struct{})
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		if p.Target.Host == "r0.example" {
			<-release
		}
		return working(p)
	}
	acc := newRecord(t)
	ended := make(chan error)
	go func() { ended <- s.Gather(acc) }()
	m := <-acc.arrived
	require.Equal(t, "r1.example", m.Tags()["source"])
	close(release)
	require.NoError(t, <-ended)
	require.Len(t, acc.named("smtpprobe"), 1)
}

func TestGather_Spread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(4), func(p *SMTPProbe) { p.Spread = config.Duration(4 * time.Second) })
		began := time.Now()
		metrics := s.gathered(t).named("smtpprobe")
		for i, m := range metrics {
			require.Equal(t, time.Duration(i)*time.Second, m.Time().Sub(began))
		}
	})
}

func TestStop_DuringGather(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, many(3), func(p *SMTPProbe) { p.Spread = config.Duration(3 * time.Hour) })
		s.engine.probe = func(ctx context.Context, p *probeRequest) *smtpprobe.Result {
			<-ctx.Done()
			return failing(p, smtperr.New(smtperr.ClassCanceled, "", smtperr.PhaseGreeting, ctx.Err()))
		}
		acc := newRecord(t)
		ended := make(chan error, 1)
		go func() { ended <- s.Gather(acc) }()
		synctest.Wait()
		began := time.Now()
		s.Stop()
		require.NoError(t, <-ended)
		require.Zero(t, time.Since(began))
		m := acc.only(t, "smtpprobe")
		require.Equal(t, "canceled", m.Tags()["error_class"])
		require.Equal(t, "prober", m.Tags()["fault"])
		require.Equal(t, int64(0), m.Fields()["consecutive_failures"], "a canceled probe does not count")

		require.NoError(t, s.Gather(acc), "nothing is probed after Stop")
		require.Len(t, acc.named("smtpprobe"), 1)

		require.NoError(t, s.Start(acc))
		s.engine.probe = func(_ context.Context, p *probeRequest) *smtpprobe.Result { return working(p) }
		s.Spread = 0
		require.NoError(t, s.Gather(acc))
		require.Len(t, acc.named("smtpprobe"), 4)
	})
}

func TestGather_ContextCanceled(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(5), func(p *SMTPProbe) { p.MaxConcurrent = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		cancel()
		return working(p)
	}
	acc := newRecord(t)
	require.NoError(t, s.GatherContext(ctx, acc))
	require.Len(t, acc.named("smtpprobe"), 1)
}

func TestGather_Overlapping(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(20), func(p *SMTPProbe) { p.MaxConcurrent = 5 })
	var now, most atomic.Int64
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return working(p)
	}
	acc := newRecord(t)
	var gathers sync.WaitGroup
	for range 4 {
		gathers.Go(func() {
			if err := s.Gather(acc); err != nil {
				t.Error(err)
			}
		})
	}
	gathers.Wait()
	require.Len(t, acc.named("smtpprobe"), 80)
	require.Len(t, acc.named("smtpprobe_gather"), 4)
	require.LessOrEqual(t, most.Load(), int64(5))
}

func TestStop_WithoutGather(t *testing.T) {
	t.Parallel()
	New().Stop()
	s := withEngine(t, many(1), nil)
	s.Stop()
	s.Stop()
}

func TestSecret_Unavailable(t *testing.T) {
	t.Parallel()
	broken := config.NewSecret([]byte("@{absent:s3cret}"))
	username := config.NewSecret([]byte("alice"))
	s := withEngine(t, many(1), func(p *SMTPProbe) {
		p.Settings.Probe, p.Username, p.Password = "auth", &username, &broken
		p.Metrics = []string{"phase"}
	})
	acc := s.gathered(t)
	require.Equal(t, "config", acc.only(t, "smtpprobe_phase").Tags()["phase"])
	m := acc.only(t, "smtpprobe")
	require.Empty(t, s.depths(), "nothing is probed")
	require.Equal(t, "config_error", m.Tags()["error_class"])
	require.Equal(t, "config", m.Tags()["phase"])
	require.Zero(t, m.Fields()["failed_phase_time"])
	require.Contains(t, m.Fields()["error"], "cannot read secret password")
}
