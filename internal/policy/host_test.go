package policy

import (
	"fmt"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dnstest"
)

func TestSource_Host(t *testing.T) {
	t.Parallel()
	secure, plain := dnstest.Secure, dnstest.Records
	address, tlsa := secure(plain("A 127.0.0.1")), secure(plain(anyTLSA))
	alias := "mx.test CNAME target.test."
	for _, tt := range []struct {
		name  string
		zone  dnstest.Zone
		off   bool // dnssec "off"
		want  HostRecords
		count int      // of TLSA records
		asked []string // queries, if not nil
	}{
		{
			name: "secure", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": tlsa},
			want: HostRecords{Base: "mx.test", Secure: true}, count: 1, asked: []string{"mx.test. A", "_25._tcp.mx.test. TLSA"},
		},
		{
			name: "IPv6 only", zone: dnstest.Zone{"mx.test": secure(plain("AAAA ::1")), "_25._tcp.mx.test": tlsa},
			want: HostRecords{Base: "mx.test", Secure: true}, count: 1, asked: []string{"mx.test. A", "mx.test. AAAA", "_25._tcp.mx.test. TLSA"},
		},
		{name: "no TLSA", zone: dnstest.Zone{"mx.test": address}, want: HostRecords{Base: "mx.test"}},
		{name: "NXDOMAIN", zone: dnstest.Zone{}, want: HostRecords{Base: "mx.test"}},
		{name: "insecure", zone: dnstest.Zone{"mx.test": plain("A 127.0.0.1"), "_25._tcp.mx.test": plain(anyTLSA)}, want: HostRecords{Base: "mx.test"}, count: 1},
		{name: "insecure TLSA", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": plain(anyTLSA)}, want: HostRecords{Base: "mx.test"}, count: 1},
		{name: "insecure addresses", zone: dnstest.Zone{"mx.test": plain("A 127.0.0.1"), "_25._tcp.mx.test": tlsa}, want: HostRecords{Base: "mx.test"}, count: 1},
		{name: "insecure, SERVFAIL for TLSA", zone: dnstest.Zone{"mx.test": plain("A 127.0.0.1"), "_25._tcp.mx.test": dnstest.ServFail()},
			want: HostRecords{Base: "mx.test", Indeterminate: true}},
		{name: "DNSSEC off", off: true, zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": tlsa}, want: HostRecords{Base: "mx.test"}, count: 1},
		{name: "DNSSEC off, SERVFAIL for TLSA", off: true, zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.ServFail()},
			want: HostRecords{Base: "mx.test", Failure: DANEError}},
		{
			name: "bogus TLSA", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.Bogus(plain(anyTLSA))},
			want:  HostRecords{Base: "mx.test", Failure: DANEBogus},
			asked: []string{"mx.test. A", "_25._tcp.mx.test. TLSA", "_25._tcp.mx.test. TLSA"},
		},
		{
			name: "bogus TLSA, extended error", zone: dnstest.Zone{"mx.test": address,
				"_25._tcp.mx.test": dnstest.ExtendedError(dns.ExtendedErrorCodeSignatureExpired, dnstest.ServFail())},
			want:  HostRecords{Base: "mx.test", Failure: DANEBogus},
			asked: []string{"mx.test. A", "_25._tcp.mx.test. TLSA"},
		},
		{
			name: "SERVFAIL for TLSA, other extended error", zone: dnstest.Zone{"mx.test": address,
				"_25._tcp.mx.test": dnstest.ExtendedError(dns.ExtendedErrorCodeNoReachableAuthority, dnstest.ServFail())},
			want: HostRecords{Base: "mx.test", Failure: DANEError},
		},
		{name: "bogus denial of TLSA", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.Bogus(dnstest.NXDomain())},
			want: HostRecords{Base: "mx.test", Failure: DANEBogus}},
		{name: "bogus addresses", zone: dnstest.Zone{"mx.test": dnstest.Bogus(plain("A 127.0.0.1"))}, want: HostRecords{Base: "mx.test", Failure: DANEBogus}},
		{name: "SERVFAIL for TLSA", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.ServFail()}, want: HostRecords{Base: "mx.test", Failure: DANEError}},
		{name: "REFUSED for TLSA", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.Refused()}, want: HostRecords{Base: "mx.test", Failure: DANEError}},
		{name: "malformed reply", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.Garbage()}, want: HostRecords{Base: "mx.test", Failure: DANEError}},
		{name: "truncated reply", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": dnstest.Truncated(tlsa)}, want: HostRecords{Base: "mx.test", Secure: true}, count: 1},
		{
			name: "secure alias, TLSA records of its target", zone: dnstest.Zone{"mx.test": secure(dnstest.Chain(alias, "target.test A 127.0.0.1")), "_25._tcp.target.test": tlsa},
			want: HostRecords{Base: "target.test", Secure: true}, count: 1,
			asked: []string{"mx.test. A", "_25._tcp.target.test. TLSA"},
		},
		{
			name: "secure alias, TLSA records of the alias", zone: dnstest.Zone{"mx.test": secure(dnstest.Chain(alias, "target.test A 127.0.0.1")), "_25._tcp.mx.test": tlsa},
			want: HostRecords{Base: "mx.test", Secure: true}, count: 1,
			asked: []string{"mx.test. A", "_25._tcp.target.test. TLSA", "_25._tcp.mx.test. TLSA"},
		},
		{
			name: "secure alias to an insecure zone", zone: dnstest.Zone{
				"mx.test":          dnstest.For(map[string]dnstest.Answer{"A": dnstest.Chain(alias, "target.test A 127.0.0.1"), "CNAME": secure(plain("CNAME target.test."))}),
				"_25._tcp.mx.test": tlsa,
			},
			want: HostRecords{Base: "mx.test", Secure: true}, count: 1, asked: []string{"mx.test. A", "mx.test. CNAME", "_25._tcp.mx.test. TLSA"},
		},
		{name: "secure alias to an insecure zone, bogus TLSA", zone: dnstest.Zone{
			"mx.test":          dnstest.For(map[string]dnstest.Answer{"A": dnstest.Chain(alias, "target.test A 127.0.0.1"), "CNAME": secure(plain("CNAME target.test."))}),
			"_25._tcp.mx.test": dnstest.Bogus(plain(anyTLSA)),
		}, want: HostRecords{Base: "mx.test", Failure: DANEBogus}},
		{name: "insecure alias", zone: dnstest.Zone{"mx.test": dnstest.Chain(alias, "target.test A 127.0.0.1"), "_25._tcp.mx.test": tlsa}, want: HostRecords{Base: "mx.test"}, count: 1},
		{name: "chain of CNAME records", zone: dnstest.Zone{
			"mx.test": secure(dnstest.Chain(alias, "target.test CNAME far.test.", "far.test A 127.0.0.1")), "_25._tcp.far.test": tlsa,
		}, want: HostRecords{Base: "far.test", Secure: true}, count: 1},
		{name: "loop of CNAME records", zone: dnstest.Zone{"mx.test": secure(dnstest.Chain(alias, "target.test CNAME mx.test."))}, want: HostRecords{Base: "mx.test", Failure: DANEError}},
		{name: "TLSA records of another name in the answer", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": secure(dnstest.Chain("_25._tcp.other.test " + anyTLSA))},
			want: HostRecords{Base: "mx.test"}},
		{name: "CNAME record at the TLSA name", zone: dnstest.Zone{"mx.test": address, "_25._tcp.mx.test": secure(dnstest.Chain("_25._tcp.mx.test CNAME tlsa.test.", "tlsa.test "+anyTLSA))},
			want: HostRecords{Base: "mx.test", Secure: true}, count: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, srv := testSource(t, tt.zone, func(o *Options) { o.Resolver.Trust = !tt.off })
			h := s.Host(t.Context(), "MX.test.", 25).Get(t.Context())
			require.Len(t, h.Records, tt.count)
			require.Equal(t, tt.want.Failure != "", h.Err != nil)
			if tt.asked != nil {
				require.Equal(t, tt.asked, srv.Queries())
			}
			require.LessOrEqual(t, s.Questions(), int64(maxHostQueries))
			tt.want.Trusted = !tt.off
			h.Records, h.Err = nil, nil
			require.Equal(t, tt.want, *h)
		})
	}
}

func TestSource_Port(t *testing.T) {
	t.Parallel()
	s, srv := testSource(t, dnstest.Zone{"mx.test": dnstest.Records("A 127.0.0.1"), "_2525._tcp.mx.test": dnstest.Records(anyTLSA)})
	require.Len(t, s.Host(t.Context(), "mx.test", 2525).Get(t.Context()).Records, 1)
	require.Contains(t, srv.Queries(), "_2525._tcp.mx.test. TLSA")
}

func TestSource_ManyRecords(t *testing.T) {
	t.Parallel()
	var records []string
	for i := range 300 {
		records = append(records, fmt.Sprintf("TLSA 3 1 1 %064x", i))
	}
	s, _ := testSource(t, dnstest.Zone{
		"mx.test":          dnstest.Secure(dnstest.Records("A 127.0.0.1")),
		"_25._tcp.mx.test": dnstest.Truncated(dnstest.Secure(dnstest.Records(records...))),
	})
	require.Len(t, s.Host(t.Context(), "mx.test", 25).Get(t.Context()).Records, 300)
}

func TestResolver_Check(t *testing.T) {
	t.Parallel()
	require.NoError(t, Resolver{Server: "192.0.2.1:53", Trust: true}.Check())
	require.True(t, onLoopback([]string{"127.0.0.53:53", "[::1]:53"}))
	require.False(t, onLoopback([]string{"127.0.0.53:53", "192.0.2.1:53"}))
	require.False(t, onLoopback([]string{"garbage"}))
}
