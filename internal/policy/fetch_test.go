package policy

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// silentDialer connects to a server that reads and never replies.
type silentDialer struct{}

func (silentDialer) DialContext(_ context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, server) }() //nolint:errcheck // it ends with the client
	return client, nil
}

func TestFetcher_Timeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := Fetcher{Dialer: silentDialer{}, AllowPrivate: true}
		got := f.fetch(t.Context(), "domain.test", []netip.Addr{netip.MustParseAddr("127.0.0.1")})
		require.Equal(t, STSPolicyFetchError, got.failure)
		require.Error(t, got.err)
		require.Positive(t, time.Since(start))
		require.LessOrEqual(t, time.Since(start), 60*time.Second)
	})
}
