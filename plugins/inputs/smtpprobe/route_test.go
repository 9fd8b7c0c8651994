package smtpprobe

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest"
)

// These tests use proxies, source addresses and PROXY protocol headers.

// splice copies in both directions until one side closes.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1]) //nolint:errcheck // any error ends the connection
			pair[0].Close()
		})
	}
	both.Wait()
}

// httpProxy starts an HTTP proxy that tunnels to relay.test, which is the relay, for
// clients with the password.
func httpProxy(t *testing.T, relay net.Addr) (address string) {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		user, password, _ := r.BasicAuth()
		switch {
		case user != "probe" || password != "s3cret":
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		case r.Method != http.MethodConnect || r.Host != "relay.test:25":
			w.WriteHeader(http.StatusForbidden)
			return
		}
		conn, err := net.Dial("tcp", relay.String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			conn.Close()
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n") //nolint:errcheck // the client fails
		splice(client, conn)
	}))
	t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

// socksProxy starts a SOCKS5 proxy (RFC 1928) that tunnels to host:port, which is the
// relay, for a user with the password s3cret (RFC 1929).
func socksProxy(t *testing.T, relay net.Addr, user, host string, port uint16) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	counted := func(s string) string { return string(rune(len(s))) + s }
	login := "\x01" + counted(user) + counted("s3cret")
	request := "\x05\x01\x00\x03" + counted(host) + string([]byte{byte(port >> 8), byte(port)})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer client.Close()
				serveSOCKS(client, login, request, relay)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

func serveSOCKS(client net.Conn, login, request string, relay net.Addr) {
	expect := func(want, answer string) bool {
		got := make([]byte, len(want))
		_, err := io.ReadFull(client, got)
		if err == nil && string(got) == want {
			_, err = io.WriteString(client, answer)
			return err == nil
		}
		return false
	}
	const failure, unused = "\x05\x02", "\x00\x01\x00\x00\x00\x00\x00\x00"
	if !expect("\x05\x02\x00\x02", "\x05\x02") {
		return
	}
	if !expect(login, "\x01\x00") {
		_, _ = io.WriteString(client, "\x01\x01") //nolint:errcheck // the client fails
		return
	}
	if !expect(request, "") {
		_, _ = io.WriteString(client, failure+unused) //nolint:errcheck // the client fails
		return
	}
	conn, err := net.Dial("tcp", relay.String())
	if err != nil {
		_, _ = io.WriteString(client, "\x05\x05"+unused) //nolint:errcheck // the client fails
		return
	}
	_, _ = io.WriteString(client, "\x05\x00"+unused) //nolint:errcheck // the client fails
	splice(client, conn)
}

func TestProxy(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	viaHTTP, viaSOCKS := httpProxy(t, srv.Addr()), socksProxy(t, srv.Addr(), "probe", "relay.test", 25)
	lostHTTP, lostSOCKS := httpProxy(t, closedPort), socksProxy(t, closedPort, "probe", "relay.test", 25)
	for name, tt := range map[string]struct{ proxy, relay, class, reason, fault string }{
		"HTTP CONNECT":                    {"http://probe:s3cret@" + viaHTTP, "relay.test", "none", "none", "none"},
		"SOCKS5":                          {"socks5://probe:s3cret@" + viaSOCKS, "relay.test", "none", "none", "none"},
		"HTTP CONNECT, wrong password":    {"http://probe:secret@" + viaHTTP, "relay.test", "connect_error", "proxy_refused", "config"},
		"SOCKS5, wrong password":          {"socks5://probe:secret@" + viaSOCKS, "relay.test", "connect_error", "proxy_refused", "config"},
		"HTTP CONNECT, forbidden":         {"http://probe:s3cret@" + viaHTTP, "other.test", "connect_error", "proxy_refused", "config"},
		"SOCKS5, forbidden":               {"socks5://probe:s3cret@" + viaSOCKS, "other.test", "connect_error", "proxy_refused", "config"},
		"HTTP CONNECT, relay not reached": {"http://probe:s3cret@" + lostHTTP, "relay.test", "connect_error", "host_unreachable", "network"},
		"SOCKS5, relay not reached":       {"socks5://probe:s3cret@" + lostSOCKS, "relay.test", "connect_error", "refused", "network"},
		"HTTP proxy refused":              {"http://probe:s3cret@" + closedPort.String(), "relay.test", "connect_error", "refused", "network"},
		"SOCKS proxy refused":             {"socks5://probe:s3cret@" + closedPort.String(), "relay.test", "connect_error", "refused", "network"},
		"relay instead of an HTTP proxy":  {"http://probe:s3cret@" + srv.Addr().String(), "relay.test", "connect_error", "proxy_refused", "config"},
		"relay instead of a SOCKS proxy":  {"socks5://probe:s3cret@" + srv.Addr().String(), "relay.test", "connect_error", "proxy_refused", "config"},
	} {
		t.Run(name, func(t *testing.T) {
			p := initialized(t, fmt.Sprintf(`
				[[inputs.smtpprobe]]
				servers = ["smtp://%s"]
				helo = "probe.example"
				proxy_url = %q`, tt.relay, tt.proxy))
			acc := newRecord(t)
			require.NoError(t, p.Gather(acc))
			m := acc.only(t, "smtpprobe")
			require.Equal(t, []string{tt.class, tt.reason, tt.fault}, []string{m.Tags()["error_class"], m.Tags()["reason"], m.Tags()["fault"]}, m.Fields())
			require.Equal(t, tt.relay, m.Tags()["source"])
			require.NotContains(t, m.Fields(), "dns_time", "resolved by the proxy")
			if tt.class == none {
				require.Positive(t, m.Fields()["connect_time"])
				return
			}
			require.Equal(t, "connect", m.Tags()["phase"])
			require.NotContains(t, m.Fields(), "connect_time")
			require.Contains(t, m.Fields()["error"], "proxy")
			require.NotContains(t, m.Fields()["error"], "s3cret")
			require.NotContains(t, p.Log.(*debugLog).text(), "s3cret")
		})
	}
}

// closedPort is the port of tcpmux (RFC 1078), where no server listens.
var closedPort net.Addr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1"))

// withProxyProtocol starts a relay that reads a PROXY protocol header. It returns the
// headers of all connections, nil for a connection without one.
func withProxyProtocol(t *testing.T, script smtptest.Script) (*smtptest.Server, chan *proxyproto.Header) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	headers := make(chan *proxyproto.Header, 10)
	return smtptest.Start(t, script, smtptest.From(&headerListener{l, headers})), headers
}

// headerListener reads the PROXY protocol header of each connection, if any.
type headerListener struct {
	net.Listener
	headers chan *proxyproto.Header
}

func (l *headerListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 256)
	header, err := proxyproto.Read(in)
	if err != nil {
		header = nil
	}
	l.headers <- header
	return conn, nil
}

func TestProxyProtocol(t *testing.T) {
	srv, headers := withProxyProtocol(t, smtptest.Script{})
	for version, number := range map[string]byte{"v1": 1, "v2": 2} {
		p := initialized(t, fmt.Sprintf(`
			[[inputs.smtpprobe]]
			servers = ["smtp://%s"]
			helo = "probe.example"
			source_address = "127.0.0.77"
			proxy_protocol = %q`, srv.Addr(), version))
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		m := acc.only(t, "smtpprobe")
		require.Equal(t, "none", m.Tags()["error_class"], m.Fields())
		header := <-headers
		require.NotNil(t, header)
		require.Equal(t, number, header.Version)
		require.Contains(t, header.SourceAddr.String(), "127.0.0.77:")
		require.Equal(t, srv.Addr().String(), header.DestinationAddr.String())
	}
}

func TestSourceAddress(t *testing.T) {
	srv := smtptest.Start(t, smtptest.Script{})
	for i, tt := range []struct{ source, class, reason, fault string }{
		{"127.0.0.77", "none", "none", "none"},
		{"192.0.2.77", "local_error", "no_source_address", "prober"},
	} {
		p := initialized(t, fmt.Sprintf(`
			[[inputs.smtpprobe]]
			servers = ["smtp://%s"]
			helo = "probe.example"
			source_address = %q`, srv.Addr(), tt.source))
		acc := newRecord(t)
		require.NoError(t, p.Gather(acc))
		tags := acc.only(t, "smtpprobe").Tags()
		require.Equal(t, []string{tt.class, tt.reason, tt.fault}, []string{tags["error_class"], tags["reason"], tags["fault"]})
		if i == 0 {
			require.Contains(t, srv.Session(t).Remote.String(), tt.source+":")
		}
	}
	require.Len(t, srv.Sessions(), 1)
}
