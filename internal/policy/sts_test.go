package policy

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestSource_STS(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("web")
	host := certs.For("mta-sts.domain.test")
	good := ca.Issue(host)
	txt := func(texts ...string) dnstest.Zone {
		return dnstest.Zone{"_mta-sts.domain.test": dnstest.Records(texts...)}
	}
	policyHost := func(a dnstest.Answer) dnstest.Zone { return dnstest.Zone{"mta-sts.domain.test": a} }
	for _, tt := range []struct {
		name     string
		zone     dnstest.Zone
		cert     tls.Certificate  // good if empty
		handler  http.HandlerFunc // serves goodPolicy if nil
		want     STS
		failure  Result
		requests int64
	}{
		{name: "mode enforce", want: STSEnforce, requests: 1},
		{name: "mode testing", handler: serve(strings.Replace(goodPolicy, "enforce", "testing", 1)), want: STSTesting, requests: 1},
		{name: "mode none", handler: serve("version: STSv1\nmode: none\nmax_age: 60\n"), want: STSNone, requests: 1},

		{name: "other TXT record", zone: txt(`TXT "v=spf1 -all"`), want: STSNone},
		{name: "NXDOMAIN", zone: dnstest.Zone{"_mta-sts.domain.test": dnstest.NXDomain()}, want: STSNone},
		{name: "SERVFAIL for TXT", zone: dnstest.Zone{"_mta-sts.domain.test": dnstest.ServFail()}, want: STSFetchError, failure: STSPolicyFetchError},
		{name: "record of two strings beside another", zone: txt(`TXT "v=spf1 -all"`, `TXT "v=STS" "v1; x=y; id=1"`), want: STSEnforce, requests: 1},
		{name: "record behind a CNAME", zone: dnstest.Zone{"_mta-sts.domain.test": dnstest.Chain("_mta-sts.domain.test CNAME sts.test.", `sts.test TXT "v=STSv1; id=1;"`)},
			want: STSEnforce, requests: 1},
		{name: "two records", zone: txt(`TXT "v=STSv1; id=1"`, `TXT "v=STSv1; id=2"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "no id", zone: txt(`TXT "v=STSv1;"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "invalid id", zone: txt(`TXT "v=STSv1; id=a-b"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "id of 33 characters", zone: txt(`TXT "v=STSv1; id=` + strings.Repeat("1", 33) + `"`), want: STSInvalid, failure: STSPolicyInvalid},
		{name: "other version", zone: txt(`TXT "v=STSv2; id=1"`), want: STSNone},
		{name: "version without delimiter", zone: txt(`TXT "v=STSv1 id=1"`), want: STSNone},

		{name: "no policy host", zone: policyHost(dnstest.NXDomain()), want: STSFetchError, failure: STSPolicyFetchError},
		{name: "policy host without address", zone: policyHost(dnstest.NoData()), want: STSFetchError, failure: STSPolicyFetchError},
		{name: "SERVFAIL for policy host", zone: policyHost(dnstest.ServFail()), want: STSFetchError, failure: STSPolicyFetchError},
		{name: "policy host behind a CNAME", zone: policyHost(dnstest.Chain("mta-sts.domain.test CNAME web.test.", "web.test A 127.0.0.1")), want: STSEnforce, requests: 1},
		{name: "policy host with IPv6 only", zone: policyHost(dnstest.Records("AAAA ::1")), want: STSEnforce, requests: 1},
		{name: "policy host with IPv4-mapped address", zone: policyHost(dnstest.Records("AAAA ::ffff:127.0.0.1")), want: STSFetchError, failure: STSPolicyFetchError},
		{name: "policy host, SERVFAIL for AAAA", zone: policyHost(dnstest.For(map[string]dnstest.Answer{"A": dnstest.Records("A 127.0.0.1"), "AAAA": dnstest.ServFail()})),
			want: STSEnforce, requests: 1},

		{name: "status 404", handler: http.NotFound, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "status 206", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "redirect", handler: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				serve(goodPolicy)(w, r)
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "text/html", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "no media type", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "64 KiB", handler: serve(goodPolicy + strings.Repeat("x:\n", (maxPolicySize-len(goodPolicy))/3)), want: STSEnforce, requests: 1},
		{name: "more than 64 KiB", handler: serve(goodPolicy + strings.Repeat("x:\n", maxPolicySize/3)), want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "1 GiB", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			block := []byte(strings.Repeat("x: y\n", 1000))
			for range (1 << 30) / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "truncated body", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, goodPolicy)
		}, want: STSFetchError, failure: STSPolicyFetchError, requests: 1},
		{name: "invalid policy", handler: serve("hello\n"), want: STSInvalid, failure: STSPolicyInvalid, requests: 1},

		{name: "expired certificate", cert: ca.Issue(certs.Expired(host)), want: STSFetchError, failure: STSWebPKIInvalid},
		{name: "certificate for another name", cert: ca.Issue(certs.For("domain.test")), want: STSFetchError, failure: STSWebPKIInvalid},
		{name: "self-signed certificate", cert: certs.SelfSigned(host), want: STSFetchError, failure: STSWebPKIInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.cert.Certificate == nil {
				tt.cert = good
			}
			if tt.handler == nil {
				tt.handler = serve(goodPolicy)
			}
			p := startPolicyServerAs(t, ca, tt.cert, tt.handler)
			s, _ := testSource(t, stsZone(tt.zone), p.use)
			d := s.Domain(t.Context(), "Domain.test").Get(t.Context())
			require.True(t, d.MXSecure)
			require.Equal(t, tt.want, d.STS.State, d.STS.Err)
			require.Equal(t, tt.failure, d.STS.Failure, d.STS.Err)
			require.Equal(t, tt.failure != "", d.STS.Err != nil)
			require.Equal(t, tt.requests, p.requests.Load())
			require.LessOrEqual(t, s.Questions(), int64(maxDomainQueries))
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
	p := startPolicyServer(t, serve(goodPolicy))
	for _, address := range []string{"A 127.0.0.1", "A 10.1.2.3", "AAAA ::1", "AAAA 64:ff9b::7f00:1", "A 169.254.169.254"} {
		s, _ := testSource(t, stsZone(dnstest.Zone{"mta-sts.domain.test": dnstest.Records(address)}), func(o *Options) {
			o.Fetcher = p.fetcher()
			o.Fetcher.AllowPrivate = false
		})
		d := s.Domain(t.Context(), "domain.test").Get(t.Context())
		require.Equal(t, STSFetchError, d.STS.State)
		require.ErrorContains(t, d.STS.Err, "not a public address")
	}
	require.Zero(t, p.requests.Load())
}

// A cached policy stays in effect when a fetch fails or the record is gone, until
// its max_age ends.
func TestSource_CachedPolicy(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := startPolicyServer(t, serve(goodPolicy))
	s, dns := testSource(t, stsZone(nil), p.use, func(o *Options) { o.Interval, o.Now = time.Minute, clock.Now })
	lookup := func() *STSState { return s.Domain(t.Context(), "domain.test").Get(t.Context()).STS }
	require.Equal(t, STSEnforce, lookup().State)

	p.handler = http.NotFound
	clock.advance(time.Minute)
	state := lookup()
	require.Equal(t, int64(2), p.requests.Load())
	require.Equal(t, int64(2), s.Requests())
	require.Equal(t, STSEnforce, state.State)
	require.Equal(t, STSPolicyFetchError, state.Failure)
	require.Equal(t, "20260101", state.ID)
	require.Equal(t, STSEnforce, state.at(clock.Now().Add(23*time.Hour)).State)
	expired := state.at(clock.Now().Add(25 * time.Hour))
	require.Equal(t, STSFetchError, expired.State)
	require.Nil(t, expired.Policy)

	dns.Set("_mta-sts.domain.test", nil)
	clock.advance(23 * time.Hour)
	state = lookup()
	require.Equal(t, STSEnforce, state.State)
	require.Empty(t, state.Failure)

	clock.advance(time.Hour)
	require.Equal(t, STSNone, lookup().State)
	require.Nil(t, lookup().Policy)
}

func TestSource_NewPolicy(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := startPolicyServer(t, serve(goodPolicy))
	s, dns := testSource(t, stsZone(nil), p.use, func(o *Options) { o.Interval, o.Now = time.Minute, clock.Now })
	require.Equal(t, STSEnforce, s.Domain(t.Context(), "domain.test").Get(t.Context()).STS.State)

	p.handler = serve("version: STSv1\nmode: none\nmax_age: 60\n")
	dns.Set("_mta-sts.domain.test", dnstest.Records(`TXT "v=STSv1; id=2;"`))
	clock.advance(time.Minute)
	state := s.Domain(t.Context(), "domain.test").Get(t.Context()).STS
	require.Equal(t, STSNone, state.State)
	require.Equal(t, "2", state.ID)
}
