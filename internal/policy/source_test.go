package policy

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

func TestSource_Interval(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := startPolicyServer(t, serve(goodPolicy))
	zone := stsZone(dnstest.Zone{"mx.domain.test": dnstest.Secure(dnstest.Records("A 127.0.0.1"))})
	s, dns := testSource(t, zone, p.use, func(o *Options) { o.Interval, o.Now = time.Minute, clock.Now })
	lookup := func() {
		s.Host(t.Context(), "mx.domain.test", 25).Get(t.Context())
		require.Equal(t, STSEnforce, s.Domain(t.Context(), "domain.test").Get(t.Context()).STS.State)
	}
	for range 10 {
		lookup()
	}
	const perInterval = 4 + 2 // MX, TXT, A and AAAA of the policy host; A and TLSA of the MX host
	require.Equal(t, int64(perInterval), s.Questions())
	require.Len(t, dns.Queries(), perInterval)
	require.Equal(t, int64(1), s.Requests())

	clock.advance(59 * time.Second)
	lookup()
	require.Equal(t, int64(perInterval), s.Questions())
	clock.advance(time.Second)
	lookup()
	require.Equal(t, int64(2*perInterval), s.Questions())
	require.Equal(t, int64(2), p.requests.Load())
}

func TestSource_InterruptedLookup(t *testing.T) {
	t.Parallel()
	s, dns := testSource(t, dnstest.Zone{"mx.test": dnstest.Silence()})
	ctx, cancel := context.WithCancel(t.Context())
	a := s.Host(ctx, "mx.test", 25)
	require.Same(t, a, s.Host(ctx, "mx.test", 25), "a second lookup of the same host")
	require.Nil(t, a.Get(ended(t)))
	cancel()
	s.Wait()
	require.Nil(t, a.Get(t.Context()))
	dns.Set("mx.test", dnstest.Secure(dnstest.Records("A 127.0.0.1")))
	require.NotNil(t, s.Host(t.Context(), "mx.test", 25).Get(t.Context()))
}

func TestSource_InterruptedMXLookup(t *testing.T) {
	t.Parallel()
	s, _ := testSource(t, dnstest.Zone{"domain.test": dnstest.Records("MX 10 mx.test.")}, func(o *Options) { o.Interval = time.Hour })
	_, finish := s.mx.start("domain.test", time.Now(), time.Hour) // by another caller
	a := s.Domain(t.Context(), "domain.test")
	finish(nil)
	require.Nil(t, a.Get(t.Context()))
	require.Equal(t, STSNone, s.Domain(t.Context(), "domain.test").Get(t.Context()).STS.State)
}

func TestSource_SlowPolicyHost(t *testing.T) {
	t.Parallel()
	reply := make(chan struct{})
	p := startPolicyServer(t, func(w http.ResponseWriter, r *http.Request) {
		<-reply
		serve(goodPolicy)(w, r)
	})
	s, _ := testSource(t, stsZone(nil), p.use, func(o *Options) { o.Interval = time.Hour })
	a := s.Domain(t.Context(), "domain.test")
	<-a.mx.done
	d := a.Get(ended(t))
	require.True(t, d.MXSecure, "the MX records waited for the policy host")
	require.Nil(t, d.STS)
	close(reply)
	require.Equal(t, STSEnforce, a.Get(t.Context()).STS.State)
}

func TestSource_ManyDomains(t *testing.T) {
	t.Parallel()
	const domains = 3 * maxFetches
	zone := dnstest.Zone{}
	for i := range domains {
		zone[fmt.Sprintf("d%d.test", i)] = dnstest.Records("MX 10 mx.test.")
	}
	s, _ := testSource(t, zone, func(o *Options) { o.Interval = time.Hour })
	var answers []*DomainAnswer
	for i := range domains {
		answers = append(answers, s.Domain(t.Context(), fmt.Sprintf("d%d.test", i)))
	}
	for _, a := range answers {
		require.Equal(t, STSNone, a.Get(t.Context()).STS.State)
	}
	require.Equal(t, int64(2*domains), s.Questions())
}

func TestSource_UnusedHosts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s, _ := testSource(t, dnstest.Zone{}, func(o *Options) { o.Now, o.Interval = clock.Now, time.Minute })
	for i := range 50 {
		s.Host(t.Context(), fmt.Sprintf("mx%d.test", i), 25).Get(t.Context())
	}
	require.Len(t, s.hosts.answers, 50)
	clock.advance(24 * time.Hour)
	s.Host(t.Context(), "mx.test", 25).Get(t.Context())
	require.Len(t, s.hosts.answers, 1)
}
