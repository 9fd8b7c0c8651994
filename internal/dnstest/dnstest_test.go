package dnstest

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServer_Records(t *testing.T) {
	t.Parallel()
	s := Start(t, Zone{
		"relay.test":  Records("A 127.0.0.1", "A 127.0.0.2", "AAAA ::1"),
		"Domain.Test": Records("MX 20 backup.test.", "MX 10 relay.test."),
		"null.test":   Records("MX 0 ."),
		"alias.test":  Chain("alias.test CNAME relay.test.", "relay.test A 127.0.0.1"),
		"large.test":  Truncated(Records("A 127.0.0.9")),
	})
	r, ctx := s.Resolver(), t.Context()

	v4, err := r.LookupNetIP(ctx, "ip4", "relay.test")
	require.NoError(t, err)
	require.Len(t, v4, 2)
	all, err := r.LookupHost(ctx, "relay.test")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"127.0.0.1", "127.0.0.2", "::1"}, all)
	mx, err := r.LookupMX(ctx, "domain.test")
	require.NoError(t, err)
	require.Equal(t, []*net.MX{{Host: "relay.test.", Pref: 10}, {Host: "backup.test.", Pref: 20}}, mx)
	null, err := r.LookupMX(ctx, "null.test")
	require.NoError(t, err)
	require.Equal(t, []*net.MX{{Host: ".", Pref: 0}}, null)
	alias, err := r.LookupHost(ctx, "alias.test")
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1"}, alias)
	large, err := r.LookupHost(ctx, "large.test")
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.9"}, large)
	require.Contains(t, s.Queries(), "domain.test. MX")
}

func TestServer_Failures(t *testing.T) {
	t.Parallel()
	s := Start(t, Zone{
		"nodata.test":   NoData(),
		"servfail.test": ServFail(),
		"refused.test":  Refused(),
		"garbage.test":  Garbage(),
	})
	for name, notFound := range map[string]bool{
		"gone.test":     true,
		"nodata.test":   true,
		"servfail.test": false,
		"refused.test":  false,
		"garbage.test":  false,
	} {
		_, err := s.Resolver().LookupNetIP(t.Context(), "ip4", name)
		var failure *net.DNSError
		require.ErrorAs(t, err, &failure, name)
		require.Equal(t, notFound, failure.IsNotFound, name)
		require.False(t, failure.IsTimeout, name)
	}
}

func TestServer_Silence(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := Start(t, Zone{"silent.test": func(q *Query) {
		cancel()
		Silence()(q)
	}})
	_, err := s.Resolver().LookupNetIP(ctx, "ip4", "silent.test")
	require.Error(t, err)
	require.NoError(t, t.Context().Err())
}

func TestServer_Set(t *testing.T) {
	t.Parallel()
	s := Start(t, Zone{"relay.test": Seq(NXDomain(), Records("A 127.0.0.1"))})
	lookup := func() ([]string, error) {
		ips, err := s.Resolver().LookupNetIP(t.Context(), "ip4", "relay.test.")
		texts := make([]string, len(ips))
		for i, ip := range ips {
			texts[i] = ip.String()
		}
		return texts, err
	}
	_, err := lookup()
	require.Error(t, err)
	ips, err := lookup()
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.1"}, ips)
	s.Set("relay.test", Records("A 127.0.0.7"))
	ips, err = lookup()
	require.NoError(t, err)
	require.Equal(t, []string{"127.0.0.7"}, ips)
	s.Set("relay.test", nil)
	_, err = lookup()
	require.Error(t, err)
}

func TestServer_Close(t *testing.T) {
	t.Parallel()
	s := Start(t, nil)
	s.Close()
	_, err := s.Resolver().LookupHost(t.Context(), "relay.test")
	require.Error(t, err)
}
