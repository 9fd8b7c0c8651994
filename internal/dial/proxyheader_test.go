package dial_test

import (
	"bufio"
	"net"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
)

func TestProxyHeader(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{"127.0.0.1", "::1"} {
		for _, version := range []byte{1, 2} {
			headers := make(chan *proxyproto.Header, 1)
			relay := serve(t, ip, func(conn net.Conn) {
				header, err := proxyproto.Read(bufio.NewReader(conn))
				if err != nil {
					header = nil
				}
				headers <- header
			})
			conn, err := client{}.Dial(t.Context(), []netip.Addr{relay.Addr()}, relay.Port())
			require.NoError(t, err)
			writeHeader(t, version, conn)
			header := <-headers
			require.NotNil(t, header)
			require.Equal(t, version, header.Version)
			require.True(t, header.Command.IsProxy())
			require.Equal(t, conn.LocalAddr().String(), header.SourceAddr.String())
			require.Equal(t, relay.String(), header.DestinationAddr.String())
			conn.Close()
		}
	}
}

func TestProxyHeader_UnixSocket(t *testing.T) {
	t.Parallel()
	for version, want := range map[byte]string{
		1: "PROXY UNKNOWN\r\n",
		2: "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00",
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
		conn, err := client{}.DialUnix(t.Context(), path)
		require.NoError(t, err)
		writeHeader(t, version, conn)
		require.Equal(t, want, <-got)
		conn.Close()
	}
}

func writeHeader(t *testing.T, version byte, conn net.Conn) {
	t.Helper()
	header, err := dial.ProxyHeader(version, conn)
	require.NoError(t, err)
	_, err = conn.Write(header)
	require.NoError(t, err)
}

func TestProxyHeader_UnknownVersion(t *testing.T) {
	t.Parallel()
	_, conn := net.Pipe()
	defer conn.Close()
	_, err := dial.ProxyHeader(3, conn)
	require.Error(t, err)
}
