package smtpprobe

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe"
)

func TestRelayDialer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	p := initialized(t, "[[inputs.smtpprobe]]\nservers = [\"mx://a.test\"]")
	for name, d := range map[string]relayDialer{
		"direct":          {prober: p.parsedRelays[0].prober},
		"source address":  {prober: smtpprobe.Prober{Dialer: dial.Direct{Source: netip.MustParseAddr("127.0.0.1")}}},
		"empty proxy URL": {prober: p.parsedRelays[0].prober, proxy: func() (string, error) { return "", nil }},
	} {
		conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		require.NoError(t, err, name)
		conn.Close()
	}
	_, err = relayDialer{proxy: func() (string, error) { return "socks5://127.0.0.1:1", nil }}.DialContext(t.Context(), "tcp", l.Addr().String())
	require.ErrorContains(t, err, "proxy")
}
