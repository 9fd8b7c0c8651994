package smtpprobe

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// In each row, the three relays of the group succeed or fail with a class.
func TestGroup_Policies(t *testing.T) {
	t.Parallel()
	const ok = smtperr.ClassNone
	for name, c := range map[string]struct {
		policy   string
		outcomes [3]smtperr.Class
		code     int // of every failure
		selected string
		class    string
		success  int64
		attempts int64
		healthy  int64
	}{
		"first relay works":                          {"any_failure", [3]smtperr.Class{ok, ok, ok}, 0, "smtp://r0.example", "none", 1, 1, 3},
		"any_failure, refused connection":            {"any_failure", [3]smtperr.Class{smtperr.ClassConnectError, ok, ok}, 0, "smtp://r1.example", "none", 1, 2, 2},
		"any_failure, failed authentication":         {"any_failure", [3]smtperr.Class{smtperr.ClassAuthFailed, ok, ok}, 535, "none", "auth_failed", 0, 1, 2},
		"any_failure, refused sender":                {"any_failure", [3]smtperr.Class{smtperr.ClassSenderRefused, ok, ok}, 550, "smtp://r1.example", "none", 1, 2, 2},
		"temporary_only, sender refused permanently": {"temporary_only", [3]smtperr.Class{smtperr.ClassSenderRefused, ok, ok}, 550, "none", "sender_refused", 0, 1, 2},
		"temporary_only, sender refused temporarily": {"temporary_only", [3]smtperr.Class{smtperr.ClassSenderRefused, ok, ok}, 450, "smtp://r1.example", "none", 1, 2, 2},
		"temporary_only, timeouts":                   {"temporary_only", [3]smtperr.Class{smtperr.ClassConnectTimeout, smtperr.ClassReadTimeout, ok}, 0, "smtp://r2.example", "none", 1, 3, 1},
		"all relays fail":                            {"any_failure", [3]smtperr.Class{smtperr.ClassConnectError, smtperr.ClassConnectTimeout, smtperr.ClassTLSError}, 0, "none", "tls_error", 0, 3, 0},
		"default policy":                             {"", [3]smtperr.Class{smtperr.ClassSenderRefused, ok, ok}, 550, "smtp://r1.example", "none", 1, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withEngine(t, many(3), func(p *SMTPProbe) {
				p.Groups = []*Group{{Name: "out", Relays: many(3), Policy: c.policy}}
			})
			s.probeAs = func(p *probeRequest) *smtpprobe.Result {
				class := c.outcomes[p.Target.Host[1]-'0']
				if class == ok {
					return working(p)
				}
				err := smtperr.New(class, "", smtperr.PhaseConnect, nil)
				if c.code != 0 {
					err.Reply = reply(c.code, "no")
				}
				return failing(p, err)
			}
			m := s.gathered(t).only(t, "smtpprobe_group")
			require.Equal(t, map[string]string{"group": "out", "selected": c.selected, "error_class": c.class}, m.Tags())
			require.Equal(t, map[string]any{
				"success": c.success, "attempts": c.attempts, "healthy": c.healthy, "total": int64(3),
				"total_time": (time.Duration(c.attempts) * time.Millisecond).Seconds(),
			}, m.Fields())
		})
	}
}

func TestGroup_DomainWithHosts(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, func(p *SMTPProbe) {
		p.Groups = []*Group{{Name: "out", Relays: []string{"mx://example.org"}}}
	})
	a, b := s.parsedRelays[0].target, s.parsedRelays[0].target
	a.Host, b.Host = "a.example", "b.example"
	s.answering(a, b)
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		if p.Target.Host == "a.example" {
			return refusing(p)
		}
		return working(p)
	}
	m := s.gathered(t).only(t, "smtpprobe_group")
	require.Equal(t, int64(1), m.Fields()["success"])
	require.Equal(t, int64(1), m.Fields()["healthy"])

	s.probeAs = refusing
	m = s.gathered(t).only(t, "smtpprobe_group")
	require.Equal(t, "connect_error", m.Tags()["error_class"])
}

func TestGroup_StoppedGather(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(2), func(p *SMTPProbe) {
		p.MaxConcurrent = 1
		p.Groups = []*Group{{Name: "out", Relays: many(2)}}
	})
	s.probeAs = func(p *probeRequest) *smtpprobe.Result {
		s.cancel()
		return working(p)
	}
	acc := s.gathered(t)
	require.Len(t, acc.named("smtpprobe"), 1)
	require.Empty(t, acc.named("smtpprobe_group"))
}

func TestGroup_WaitsForRelays(t *testing.T) {
	busy := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Say("421 4.3.2 busy")})
	backup := smtptest.Start(t, smtptest.Script{})
	release := make(chan struct{})
	last := smtptest.Start(t, smtptest.Script{Greeting: smtptest.Then(func(*smtptest.Conn) error { <-release; return nil }, smtptest.Healthy())})
	p := initialized(t, fmt.Sprintf(`
		[[inputs.smtpprobe]]
		helo = "probe.example"
		timeout = "1m"
		[[inputs.smtpprobe.relay]]
		name = "busy"
		url = "smtp://%s"
		[[inputs.smtpprobe.relay]]
		name = "backup"
		url = "smtp://%s"
		[[inputs.smtpprobe.relay]]
		name = "last"
		url = "smtp://%s"
		[[inputs.smtpprobe.group]]
		name = "outbound"
		relays = ["busy", "backup", "last"]
		[[inputs.smtpprobe.group]]
		name = "as Postfix"
		policy = "temporary_only"
		relays = ["last", "busy"]`, busy.Addr(), backup.Addr(), last.Addr()))
	acc := newRecord(t)
	ended := make(chan error, 1)
	go func() { ended <- p.Gather(acc) }()
	for range 2 {
		m := <-acc.arrived
		require.Equal(t, "smtpprobe", m.Name())
		require.NotEqual(t, "last", m.Tags()["relay"])
	}
	require.Empty(t, acc.arrived, "no metric of the group yet")
	close(release)
	require.NoError(t, <-ended)
	groups := acc.named("smtpprobe_group")
	require.Len(t, groups, 2)
	require.Equal(t, map[string]string{"group": "outbound", "selected": "backup", "error_class": "none"}, groups[0].Tags())
	require.Equal(t, map[string]string{"group": "as Postfix", "selected": "last", "error_class": "none"}, groups[1].Tags())
	for field, expected := range map[string]int64{"success": 1, "attempts": 2, "healthy": 2, "total": 3} {
		require.Equal(t, expected, groups[0].Fields()[field], field)
	}
	for _, srv := range []*smtptest.Server{busy, backup, last} {
		require.Len(t, srv.Wait(t, 1), 1)
	}
}

func TestGroup_SkippedRelay(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"smtp://a.example", "mx://example.org"}, func(p *SMTPProbe) {
		p.Backoff = config.Duration(time.Hour)
		p.Groups = []*Group{{Name: "out", Relays: []string{"smtp://a.example", "mx://example.org"}}}
	})
	host := s.parsedRelays[1].target
	host.Host = "mx.example.org"
	s.answering(host)
	resolves := s.engine.expand
	s.engine.expand = func(_ context.Context, p *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
		return nil, failing(p, smtperr.New(smtperr.ClassDNSTimeout, "", smtperr.PhaseDNS, nil))
	}
	s.probeAs = refusing
	for i, expected := range []struct {
		probed  int
		healthy int64
		class   string
	}{
		{2, 0, "dns_timeout"}, {2, 0, "dns_timeout"}, {0, 0, "dns_timeout"}, {2, 1, "none"}, {1, 1, "none"}, {1, 1, "none"},
	} {
		if i == 2 { // the relay works again, but is skipped
			s.engine.expand = resolves
			s.probeAs = func(p *probeRequest) *smtpprobe.Result {
				if p.Target.Host == "a.example" {
					return refusing(p)
				}
				return working(p)
			}
		}
		acc := s.gathered(t)
		require.Len(t, acc.named("smtpprobe"), expected.probed, "gather %d", i)
		m := acc.only(t, "smtpprobe_group")
		require.Equal(t, expected.class, m.Tags()["error_class"], "gather %d", i)
		require.Equal(t, expected.healthy, m.Fields()["healthy"], "gather %d", i)
		require.Equal(t, int64(2), m.Fields()["attempts"], "gather %d", i)
	}
}

// A class without a rule would stop each group.
func TestGroup_EveryClass(t *testing.T) {
	t.Parallel()
	for _, class := range smtperr.Classes() {
		if class != smtperr.ClassNone {
			require.Contains(t, rules, class, class.String())
		}
	}
}

func TestGroup_OutcomeUnknown(t *testing.T) {
	t.Parallel()
	for policy := range policies {
		g := &group{next: policies[policy]}
		err := smtperr.New(smtperr.ClassReadTimeout, smtperr.ReasonNoReply, smtperr.PhaseDot, nil)
		require.True(t, g.continues(err), policy)
		err.OutcomeUnknown = true
		require.False(t, g.continues(err), "a message that may have been delivered is not sent again")
	}
}
