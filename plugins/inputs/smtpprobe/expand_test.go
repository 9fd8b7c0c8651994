package smtpprobe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestExpand_MaxConcurrent(t *testing.T) {
	t.Parallel()
	for limit, expected := range map[int]int64{1: 1, 3: 3, 1 << 30: 6} {
		synctest.Test(t, func(t *testing.T) {
			s := withEngine(t, []string{"mx://example.org"}, func(p *SMTPProbe) { p.MaxConcurrent = limit })
			hosts := make([]smtpprobe.Target, 6)
			for i := range hosts {
				hosts[i] = s.parsedRelays[0].target
				hosts[i].Host = fmt.Sprintf("mx%d.example.org", i)
			}
			s.answering(hosts...)
			var now, most atomic.Int64
			s.probeAs = func(p *probeRequest) *smtpprobe.Result {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
				return working(p)
			}
			require.Len(t, s.gathered(t).named("smtpprobe"), 6)
			require.LessOrEqual(t, most.Load(), expected)
			if limit > 6 {
				require.Greater(t, most.Load(), int64(4))
			}
		})
	}
}

// answering sets the targets that resolving returns.
func (s *fakeEngine) answering(targets ...smtpprobe.Target) {
	s.engine.expand = func(context.Context, *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
		return targets, nil
	}
}

func TestExpand_MX(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, nil)
	base := s.parsedRelays[0].target
	a, b := base, base
	a.Host, b.Host = "mx1.example.org", "mx2.example.org"
	s.answering(a, b, a)
	metrics := s.gathered(t).named("smtpprobe")
	require.Len(t, metrics, 2, "without duplicates")
	hosts := []string{metrics[0].Tags()["source"], metrics[1].Tags()["source"]}
	slices.Sort(hosts)
	require.Equal(t, []string{"mx1.example.org", "mx2.example.org"}, hosts)
	require.Equal(t, "example.org", metrics[0].Tags()["domain"])
	require.Equal(t, "mx://example.org", metrics[0].Tags()["relay"])
	require.Equal(t, "25", metrics[0].Tags()["port"])
}

func TestExpand_Timeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEngine(t, []string{"mx://example.org"}, func(p *SMTPProbe) { p.Timeout = config.Duration(9 * time.Second) })
		host := s.parsedRelays[0].target
		host.Host = "mx.example.org"
		for took, left := range map[time.Duration]time.Duration{4 * time.Second: 5 * time.Second, 10 * time.Second: 1} {
			s.engine.expand = func(context.Context, *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
				time.Sleep(took)
				return []smtpprobe.Target{host}, nil
			}
			s.gathered(t)
			require.Equal(t, left, s.probed[len(s.probed)-1].Prober.Timeout)
		}
	})
}

func TestExpand_AllAddresses(t *testing.T) {
	t.Parallel()
	s := withEngine(t, many(1), func(p *SMTPProbe) { p.Addresses = "all" })
	base := s.parsedRelays[0].target
	a, b := base, base
	a.IP, b.IP = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	s.answering(a, b)
	metrics := s.gathered(t).named("smtpprobe")
	require.Len(t, metrics, 2)
	ips := []string{metrics[0].Tags()["ip"], metrics[1].Tags()["ip"]}
	slices.Sort(ips)
	require.Equal(t, []string{"192.0.2.1", "2001:db8::1"}, ips)
	require.Equal(t, "r0.example", metrics[0].Tags()["source"])
}

func TestExpand_Unresolved(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, nil)
	s.engine.expand = func(_ context.Context, p *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
		return nil, failing(p, smtperr.New(smtperr.ClassDNSNotFound, smtperr.ReasonNullMX, smtperr.PhaseDNS, nil))
	}
	m := s.gathered(t).only(t, "smtpprobe")
	require.Equal(t, "null_mx", m.Tags()["reason"])
	require.Equal(t, "example.org", m.Tags()["source"])
	require.Equal(t, "example.org", m.Tags()["domain"])
	unresolved := s.engine.expand
	require.Equal(t, int64(2), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])

	host := s.parsedRelays[0].target
	host.Host = "mx.example.org"
	s.answering(host)
	require.Equal(t, int64(0), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
	s.engine.expand = unresolved
	require.Equal(t, int64(1), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
}

func TestExpand_DropsMissingHosts(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, nil)
	r := s.parsedRelays[0]
	for i := range 1000 {
		host := r.target
		host.Host = fmt.Sprintf("mx%d.example.org", i)
		steady := r.target
		steady.Host = "mx.example.org"
		s.answering(host, steady)
		s.probeAs = refusing
		for _, m := range s.gathered(t).named("smtpprobe") {
			if m.Tags()["source"] == steady.Host {
				require.Equal(t, int64(i+1), m.Fields()["consecutive_failures"])
			}
		}
	}
	require.LessOrEqual(t, len(r.states), 2+forgetAfter)
	require.LessOrEqual(t, len(s.stateStore().Document().Entries), 2+forgetAfter)
}

// A failed lookup does not count as an answer without the host.
func TestExpand_KeepsHosts_FailedLookup(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, nil)
	host := s.parsedRelays[0].target
	host.Host = "mx.example.org"
	s.probeAs = refusing
	s.answering(host)
	answering := s.engine.expand
	s.gathered(t)
	s.engine.expand = func(_ context.Context, p *probeRequest) ([]smtpprobe.Target, *smtpprobe.Result) {
		return nil, failing(p, smtperr.New(smtperr.ClassDNSTimeout, "", smtperr.PhaseDNS, nil))
	}
	for range 2 * forgetAfter {
		s.gathered(t)
	}
	s.engine.expand = answering
	require.Equal(t, int64(2), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
}

func TestExpand_KeepsHosts_Alternating(t *testing.T) {
	t.Parallel()
	s := withEngine(t, []string{"mx://example.org"}, nil)
	first, second := s.parsedRelays[0].target, s.parsedRelays[0].target
	first.Host, second.Host = "mx1.example.org", "mx2.example.org"
	s.probeAs = refusing
	for i := range 4 * forgetAfter {
		s.answering([]smtpprobe.Target{first, second}[i%2])
		require.Equal(t, int64(i/2+1), s.gathered(t).only(t, "smtpprobe").Fields()["consecutive_failures"])
	}
}
