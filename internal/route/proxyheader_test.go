package route_test

import (
	"bufio"
	"net"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/route"
)

func TestTheProxyHeaderNamesTheConnectionsOwnAddresses(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"127.0.0.1", "::1"} {
		for version, number := range map[string]byte{"v1": 1, "v2": 2} {
			headers := make(chan *proxyproto.Header, 1)
			relay := serve(t, ip, func(conn net.Conn) {
				header, err := proxyproto.Read(bufio.NewReader(conn))
				if err != nil {
					header = nil
				}
				headers <- header
			})
			conn, err := route.Config{}.Dial(t.Context(), []netip.Addr{relay.Addr()}, relay.Port())
			require.NoError(t, err)
			require.NoError(t, route.WriteProxyHeader(conn, version))
			header := <-headers
			require.NotNil(t, header)
			require.Equal(t, number, header.Version)
			require.True(t, header.Command.IsProxy())
			require.Equal(t, conn.LocalAddr().String(), header.SourceAddr.String())
			require.Equal(t, relay.String(), header.DestinationAddr.String())
			conn.Close()
		}
	}
}

func TestTheProxyHeaderOfAUnixSocketNamesNobody(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1": "PROXY UNKNOWN\r\n",
		"v2": "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00",
	} {
		path := filepath.Join(t.TempDir(), "lmtp")
		l, err := net.Listen("unix", path)
		require.NoError(t, err)
		got := make(chan string, 1)
		serveOn(t, l, func(conn net.Conn) {
			b := make([]byte, 256)
			n, err := conn.Read(b)
			if err != nil {
				n = 0
			}
			got <- string(b[:n])
		})
		conn, err := route.Config{}.DialUnix(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, route.WriteProxyHeader(conn, version))
		require.Equal(t, want, <-got)
		conn.Close()
	}
}

func TestAnUnknownProxyProtocolIsRefused(t *testing.T) {
	t.Parallel()
	_, conn := net.Pipe()
	defer conn.Close()
	require.Equal(t, "config_error@connect", said(t, route.WriteProxyHeader(conn, "v3")))
}
