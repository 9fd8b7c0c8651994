package policy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

const goodPolicy = "version: STSv1\r\nmode: enforce\r\nmx: mx.domain.test\r\nmx: *.example.test\r\nmax_age: 86400\r\n"

// published is a domain with MTA-STS in a zone, and the host of its policy.
func published(more dnstest.Zone) dnstest.Zone {
	zone := dnstest.Zone{
		"domain.test":          dnstest.Secure(dnstest.Records("MX 10 mx.domain.test.")),
		"_mta-sts.domain.test": dnstest.Records(`TXT "v=STSv1; id=20260101;"`),
		"mta-sts.domain.test":  dnstest.Records("A 127.0.0.1"),
	}
	for name, answer := range more {
		zone[name] = answer
	}
	return zone
}

// policyHosted serves policies by a certificate, and counts the requests.
func policyHosted(t *testing.T, cert tls.Certificate, handler http.HandlerFunc) (to everyPort, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	srv.TLS = certs.Server(cert)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return everyPort(srv.Listener.Addr().String()), requests
}

func serving(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, body)
	}
}

func TestSource_Domain(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	host := certs.For("mta-sts.domain.test")
	good := ca.Issue(host)
	txt := func(texts ...string) dnstest.Zone {
		return dnstest.Zone{"_mta-sts.domain.test": dnstest.Records(texts...)}
	}
	for _, tt := range []struct {
		name     string
		zone     dnstest.Zone
		cert     tls.Certificate
		handler  http.HandlerFunc
		want     STS
		failure  Result
		requests int64
	}{
		{name: "enforce", handler: serving(goodPolicy), want: STSEnforce, requests: 1},
		{name: "testing", handler: serving(strings.Replace(goodPolicy, "enforce", "testing", 1)), want: STSTesting, requests: 1},
		{name: "mode none", handler: serving("version: STSv1\nmode: none\nmax_age: 60\n"), want: STSNone, requests: 1},
		{name: "no record", zone: txt(`TXT "v=spf1 -all"`), want: STSNone},
		{name: "no TXT", zone: dnstest.Zone{"_mta-sts.domain.test": dnstest.NXDomain()}, want: STSNone},
		{name: "TXT fails", zone: dnstest.Zone{"_mta-sts.domain.test": dnstest.ServFail()}, want: STSFetchError, failure: STSPolicyFetchError},
		{name: "record in pieces, among others", zone: txt(`TXT "v=spf1 -all"`, `TXT "v=STS" "v1; x=y; id=1"`), handler: serving(goodPolicy), want: STSEnforce, requests: 1},
		{name: "two records", zone: txt(`TXT "v=STSv1; id=1"`, `TXT "v=STSv1; id=2"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "no id", zone: txt(`TXT "v=STSv1;"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "bad id", zone: txt(`TXT "v=STSv1; id=a-b"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "other version", zone: txt(`TXT "v=STSv2; id=1"`), want: STSNone},
		{name: "no address", zone: dnstest.Zone{"mta-sts.domain.test": dnstest.NXDomain()}, want: STSFetchError, failure: STSPolicyFetchError},
		{name: "404", handler: http.NotFound, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "redirect", handler: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				serving(goodPolicy)(w, r)
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "HTML", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "no media type", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "64 KiB", handler: serving(goodPolicy + strings.Repeat("x:\n", (maxPolicySize-len(goodPolicy))/3)), want: STSEnforce, requests: 1},
		{name: "more than 64 KiB", handler: serving(goodPolicy + strings.Repeat("x:\n", maxPolicySize/3)), want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "a gigabyte", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			block := []byte(strings.Repeat("x: y\n", 1000))
			for range (1 << 30) / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "ends early", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "not a policy", handler: serving("hello\n"), want: STSInvalid, failure: STSPolicyInvalid, requests: 1},
		{name: "expired", cert: ca.Issue(certs.Expired(host)), handler: serving(goodPolicy), want: STSFetchError, failure: STSWebPKIInvalid},
		{name: "of another name", cert: ca.Issue(certs.For("domain.test")), handler: serving(goodPolicy), want: STSFetchError, failure: STSWebPKIInvalid},
		{name: "self-signed", cert: certs.SelfSigned(host), handler: serving(goodPolicy), want: STSFetchError, failure: STSWebPKIInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.cert.Certificate == nil {
				tt.cert = good
			}
			if tt.handler == nil {
				tt.handler = serving(goodPolicy)
			}
			to, requests := policyHosted(t, tt.cert, tt.handler)
			s, _ := resolving(t, published(tt.zone), func(o *Options) { o.Web = Web{Roots: ca.Pool(), Dialer: to, AllowPrivate: true} })
			d := s.Domain(t.Context(), "Domain.test").Get(t.Context())
			require.True(t, d.MXSecure)
			require.Equal(t, tt.want, d.STS.State, d.STS.Err)
			require.Equal(t, tt.failure, d.STS.Failure, d.STS.Err)
			require.Equal(t, tt.failure != "", d.STS.Err != nil)
			require.Equal(t, tt.requests, requests.Load())
			require.LessOrEqual(t, s.Questions(), int64(maxDomainQuestions))
			if tt.requests > 0 || tt.failure == STSWebPKIInvalid {
				leaf, err := x509.ParseCertificate(tt.cert.Certificate[0])
				require.NoError(t, err)
				require.Equal(t, leaf.NotAfter, d.STS.CertExpiry)
			}
		})
	}
}

func TestSource_PrivatePolicyHost(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	to, requests := policyHosted(t, ca.Issue(certs.For("mta-sts.domain.test")), serving(goodPolicy))
	for _, address := range []string{"A 127.0.0.1", "A 10.1.2.3", "AAAA ::1", "AAAA ::ffff:127.0.0.1", "AAAA 64:ff9b::7f00:1", "A 169.254.169.254"} {
		s, _ := resolving(t, published(dnstest.Zone{"mta-sts.domain.test": dnstest.Records(address)}),
			func(o *Options) { o.Web = Web{Roots: ca.Pool(), Dialer: to} })
		d := s.Domain(t.Context(), "domain.test").Get(t.Context())
		require.Equal(t, STSFetchError, d.STS.State)
		require.ErrorContains(t, d.STS.Err, "not a public address")
	}
	require.Zero(t, requests.Load())
}

func TestSource_MX(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer dnstest.Answer
		secure bool
		want   DANE
	}{
		{name: "secure", answer: dnstest.Secure(dnstest.Records("MX 10 mx.test.")), secure: true},
		{name: "insecure", answer: dnstest.Records("MX 10 mx.test.")},
		{name: "securely none", answer: dnstest.Secure(dnstest.NoData()), secure: true},
		{name: "bogus", answer: dnstest.Bogus(dnstest.Records("MX 10 mx.test.")), want: DANEBogus},
		{name: "failing", answer: dnstest.ServFail(), want: DANEError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, _ := resolving(t, dnstest.Zone{"domain.test": tt.answer})
			d := s.Domain(t.Context(), "domain.test").Get(t.Context())
			require.Equal(t, tt.secure, d.MXSecure)
			require.Equal(t, tt.want, d.MXFailure)
			require.Equal(t, STSNone, d.STS.State)
		})
	}
}

// clock is a clock that the test moves.
type clock struct{ now atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	now := time.Now()
	c.now.Store(&now)
	return c
}

func (c *clock) read() time.Time { return *c.now.Load() }

func (c *clock) pass(d time.Duration) {
	later := c.read().Add(d)
	c.now.Store(&later)
}

func TestSource_Interval(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	handler := serving(goodPolicy)
	to, requests := policyHosted(t, ca.Issue(certs.For("mta-sts.domain.test")), func(w http.ResponseWriter, r *http.Request) { handler(w, r) })
	zone := published(dnstest.Zone{"mx.domain.test": dnstest.Secure(dnstest.Records("A 127.0.0.1"))})
	clock := newClock()
	s, dns := resolving(t, zone, func(o *Options) {
		o.Web, o.Interval, o.Now = Web{Roots: ca.Pool(), Dialer: to, AllowPrivate: true}, time.Minute, clock.read
	})
	look := func() *DomainRecords {
		s.Host(t.Context(), "mx.domain.test", 25).Get(t.Context())
		return s.Domain(t.Context(), "domain.test").Get(t.Context())
	}
	for range 10 {
		require.Equal(t, STSEnforce, look().STS.State)
	}
	const perInterval = 4 + 2 // MX, TXT, A and AAAA of the policy host; A and TLSA of the MX host
	require.Equal(t, int64(perInterval), s.Questions())
	require.Equal(t, int64(1), requests.Load())
	require.Len(t, dns.Queries(), perInterval)
	clock.pass(59 * time.Second)
	look()
	require.Equal(t, int64(1), requests.Load())

	// A policy outlives failed fetches, and a record that is gone.
	handler = http.NotFound
	clock.pass(time.Second)
	state := look().STS
	require.Equal(t, int64(2), requests.Load())
	require.Equal(t, int64(2), s.Requests())
	require.Equal(t, STSEnforce, state.State)
	require.Equal(t, STSPolicyFetchError, state.Failure)
	require.Equal(t, "20260101", state.ID)
	require.Equal(t, STSEnforce, state.at(clock.read().Add(23*time.Hour)).State)
	expired := state.at(clock.read().Add(25 * time.Hour))
	require.Equal(t, STSFetchError, expired.State)
	require.Nil(t, expired.Policy)
	dns.Set("_mta-sts.domain.test", nil)
	clock.pass(23 * time.Hour)
	state = look().STS
	require.Equal(t, STSEnforce, state.State)
	require.Empty(t, state.Failure)
	clock.pass(time.Hour)
	require.Equal(t, STSNone, look().STS.State)
	require.Nil(t, look().STS.Policy)
}

func TestSource_PolicyReplaced(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	body := goodPolicy
	to, _ := policyHosted(t, ca.Issue(certs.For("mta-sts.domain.test")), func(w http.ResponseWriter, r *http.Request) { serving(body)(w, r) })
	clock := newClock()
	s, dns := resolving(t, published(nil), func(o *Options) {
		o.Web, o.Interval, o.Now = Web{Roots: ca.Pool(), Dialer: to, AllowPrivate: true}, time.Minute, clock.read
	})
	require.Equal(t, STSEnforce, s.Domain(t.Context(), "domain.test").Get(t.Context()).STS.State)
	body = "version: STSv1\nmode: none\nmax_age: 60\n"
	dns.Set("_mta-sts.domain.test", dnstest.Records(`TXT "v=STSv1; id=2;"`))
	clock.pass(time.Minute)
	state := s.Domain(t.Context(), "domain.test").Get(t.Context()).STS
	require.Equal(t, STSNone, state.State)
	require.Equal(t, "2", state.ID)
}

func TestSource_Waiting(t *testing.T) {
	t.Parallel()
	s, dns := resolving(t, dnstest.Zone{"mx.test": dnstest.Silence()})
	ctx, cancel := context.WithCancel(t.Context())
	a := s.Host(ctx, "mx.test", 25)
	require.Same(t, a, s.Host(ctx, "mx.test", 25), "one look at a time")
	now, stop := context.WithCancel(t.Context())
	stop()
	require.Nil(t, a.Get(now))
	cancel()
	s.Wait()
	require.Nil(t, a.Get(t.Context()), "interrupted")
	dns.Set("mx.test", dnstest.Secure(dnstest.Records("A 127.0.0.1")))
	require.NotNil(t, s.Host(t.Context(), "mx.test", 25).Get(t.Context()))
}

func TestSource_SlowPolicyHost(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	answer := make(chan struct{})
	to, _ := policyHosted(t, ca.Issue(certs.For("mta-sts.domain.test")), func(w http.ResponseWriter, r *http.Request) {
		<-answer
		serving(goodPolicy)(w, r)
	})
	s, _ := resolving(t, published(nil), func(o *Options) {
		o.Web, o.Interval = Web{Roots: ca.Pool(), Dialer: to, AllowPrivate: true}, time.Hour
	})
	a := s.Domain(t.Context(), "domain.test")
	<-a.mx.done
	now, stop := context.WithCancel(t.Context())
	stop()
	d := a.Get(now)
	require.True(t, d.MXSecure, "DANE does not wait for the policy host")
	require.Nil(t, d.STS)
	close(answer)
	require.Equal(t, STSEnforce, a.Get(t.Context()).STS.State)
}

func TestSource_ManyDomains(t *testing.T) {
	t.Parallel()
	const domains = 3 * maxFetches
	zone := dnstest.Zone{}
	for i := range domains {
		zone[fmt.Sprintf("d%d.test", i)] = dnstest.Records("MX 10 mx.test.")
	}
	s, _ := resolving(t, zone, func(o *Options) { o.Interval = time.Hour })
	var answers []*DomainAnswer
	for i := range domains {
		answers = append(answers, s.Domain(t.Context(), fmt.Sprintf("d%d.test", i)))
	}
	for _, a := range answers {
		require.Equal(t, STSNone, a.Get(t.Context()).STS.State)
	}
	require.Equal(t, int64(2*domains), s.Questions())
}

func TestSource_Forgets(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s, _ := resolving(t, dnstest.Zone{}, func(o *Options) { o.Now, o.Interval = clock.read, time.Minute })
	for i := range 50 {
		s.Host(t.Context(), fmt.Sprintf("mx%d.test", i), 25).Get(t.Context())
	}
	require.Len(t, s.hosts.looks, 50)
	clock.pass(24 * time.Hour)
	s.Host(t.Context(), "mx.test", 25).Get(t.Context())
	require.Len(t, s.hosts.looks, 1)
}

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":               "",
		"no version":          "mode: enforce\nmx: a.test\nmax_age: 1\n",
		"other version":       "version: STSv2\nmode: enforce\nmx: a.test\nmax_age: 1\n",
		"no mode":             "version: STSv1\nmx: a.test\nmax_age: 1\n",
		"unknown mode":        "version: STSv1\nmode: Enforce\nmx: a.test\nmax_age: 1\n",
		"no mx":               "version: STSv1\nmode: enforce\nmax_age: 1\n",
		"bad mx":              "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n",
		"wildcard inside":     "version: STSv1\nmode: enforce\nmx: a.*.test\nmax_age: 1\n",
		"bare wildcard":       "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
		"empty mx":            "version: STSv1\nmode: enforce\nmx:\nmax_age: 1\n",
		"no max_age":          "version: STSv1\nmode: enforce\nmx: a.test\n",
		"max_age over a year": "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 31557601\n",
		"huge max_age":        "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 18446744073709551615\n",
		"negative max_age":    "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: -1\n",
		"no colon":            "version: STSv1\nmode enforce\nmx: a.test\nmax_age: 1\n",
	} {
		_, err := parsePolicy([]byte(body))
		require.Error(t, err, name)
	}
	p, err := parsePolicy([]byte("max_age:31557600 \nmx:\t*.A.test\n\nmode: testing\nmode: enforce\nfuture: x: y\nversion:STSv1"))
	require.NoError(t, err)
	require.Equal(t, &STSPolicy{Mode: STSTesting, MaxAge: maxSTSAge, MX: []string{"*.a.test"}}, p)
}

func TestSTSPolicy_Covers(t *testing.T) {
	t.Parallel()
	p := &STSPolicy{MX: []string{"mx.a.test", "*.b.test"}}
	for host, want := range map[string]bool{
		"mx.a.test": true, "MX.A.test.": true, "a.test": false, "x.mx.a.test": false,
		"x.b.test": true, "b.test": false, "y.x.b.test": false, "xb.test": false, "": false,
	} {
		require.Equal(t, want, p.Covers(host), host)
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	require.Len(t, Results(), 11)
	for _, r := range Results() {
		require.NotEmpty(t, r.Meaning())
		require.Equal(t, r == Successful, r.Advice() == "", r)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(goodPolicy))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := parsePolicy(body)
		if err == nil && (p.MaxAge > maxSTSAge || p.Mode != STSNone && len(p.MX) == 0) {
			t.Fatalf("accepted %q", body)
		}
	})
}
