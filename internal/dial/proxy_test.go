package dial_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const login = "probe:s3cr%40t@" // the password is s3cr@t

func TestParseProxy(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"socks5://127.0.0.1:1080":                                    "socks5://127.0.0.1:1080",
		"socks5://" + login + "proxy.test:1080":                      "socks5://proxy.test:1080",
		"http://" + login + "[::1]:3128/":                            "http://[::1]:3128",
		"HTTP://PROXY.test:3128":                                     "http://PROXY.test:3128",
		"http://bücher.test:3128":                                    "http://bücher.test:3128",
		"":                                                           "error",
		"proxy.test:1080":                                            "error",
		"socks5://" + login:                                          "error",
		"socks5://" + login + ":1080":                                "error",
		"socks5://" + login + "proxy.test":                           "error",
		"socks5://" + login + "proxy.test:0":                         "error",
		"socks5://" + login + "proxy.test:65536":                     "error",
		"https://" + login + "proxy.test:443":                        "error",
		"socks4://" + login + "proxy.test:1080":                      "error",
		"socks5://" + login + "proxy.test:1/path":                    "error",
		"socks5://" + login + "proxy.test:1?q":                       "error",
		"socks5://" + login + "proxy.test:1#f":                       "error",
		"socks5://probe:s3cr@t%zz@proxy.test:1":                      "error",
		"socks5://:s3cr%40t@proxy.test:1":                            "error",
		"socks5://" + login + "pro xy.test:1":                        "error",
		"socks5://" + login + "192.0.2.300:1":                        "error",
		"http://pro%3Abe:s3cr%40t@proxy.test:1":                      "error",
		"socks5://u:" + strings.Repeat("s3cr", 64) + "@proxy.test:1": "error",
	} {
		p, err := dial.ParseProxy(raw)
		if want == "error" {
			require.Error(t, err, raw)
			require.NotContains(t, err.Error(), "s3cr")
			continue
		}
		require.NoError(t, err, raw)
		require.Equal(t, want, p.String())
	}
}

// proxies starts a SOCKS5 and an HTTP proxy. They accept the request and send the
// relay's greeting in the same segment. The channel receives the requests.
func proxies(t *testing.T) (urls map[string]string, requests chan string) {
	t.Helper()
	requests = make(chan string, 1)
	socks := serve(t, "127.0.0.1", func(conn net.Conn) {
		address, err := acceptSOCKS(conn, "probe", "s3cr@t")
		if err != nil {
			requests <- err.Error()
			return
		}
		requests <- address
		write(conn, "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x19220 relay\r\n")
		echo(conn)
	})
	tunnel := serve(t, "127.0.0.1", func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			requests <- err.Error()
			return
		}
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		if user, password, _ := r.BasicAuth(); user != "probe" || password != "s3cr@t" {
			requests <- "wrong login"
			return
		}
		requests <- r.Method + " " + r.RequestURI + " " + r.Host
		write(conn, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n220 relay\r\n")
		echo(conn)
	})
	return map[string]string{
		"socks5": "socks5://" + login + socks.String(),
		"http":   "http://" + login + tunnel.String(),
	}, requests
}

// acceptSOCKS reads a SOCKS5 handshake. It returns the command, host and port of
// the request.
func acceptSOCKS(conn net.Conn, user, password string) (string, error) {
	in := bufio.NewReader(conn)
	readString := func() ([]byte, error) { // after its length
		n, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		b := make([]byte, n)
		_, err = io.ReadFull(in, b)
		return b, err
	}
	if _, err := in.Discard(1); err != nil {
		return "", err
	}
	methods, err := readString()
	if err != nil {
		return "", err
	}
	method := byte(0)
	if user != "" && len(methods) > 1 {
		method = 2
	}
	write(conn, string([]byte{5, method}))
	if method == 2 {
		if _, err := in.Discard(1); err != nil {
			return "", err
		}
		u, err := readString()
		if err != nil {
			return "", err
		}
		p, err := readString()
		if err != nil {
			return "", err
		}
		if string(u) != user || string(p) != password {
			write(conn, "\x01\x01")
			return "", fmt.Errorf("wrong login %q %q", u, p)
		}
		write(conn, "\x01\x00")
	}
	request := make([]byte, 4)
	if _, err := io.ReadFull(in, request); err != nil {
		return "", err
	}
	host := ""
	switch addressType := request[3]; addressType {
	case 1, 4:
		ip := make(net.IP, 4*addressType)
		_, err = io.ReadFull(in, ip)
		host = ip.String()
	case 3:
		var name []byte
		name, err = readString()
		host = string(name)
	}
	port := make([]byte, 2)
	if err == nil {
		_, err = io.ReadFull(in, port)
	}
	return fmt.Sprintf("%d %s %d", request[1], host, int(port[0])<<8|int(port[1])), err
}

func TestProxy(t *testing.T) {
	t.Parallel()
	urls, requests := proxies(t)
	for _, tt := range []struct{ scheme, host, want string }{
		{scheme: "socks5", host: "relay.test", want: "1 relay.test 25"},
		{scheme: "socks5", host: "bücher.test", want: "1 xn--bcher-kva.test 25"},
		{scheme: "socks5", host: "192.0.2.1", want: "1 192.0.2.1 25"},
		{scheme: "socks5", host: "2001:db8::1", want: "1 2001:db8::1 25"},
		{scheme: "http", host: "relay.test", want: "CONNECT relay.test:25 relay.test:25"},
		{scheme: "http", host: "bücher.test", want: "CONNECT xn--bcher-kva.test:25 xn--bcher-kva.test:25"},
		{scheme: "http", host: "2001:db8::1", want: "CONNECT [2001:db8::1]:25 [2001:db8::1]:25"},
	} {
		// The proxy resolves the name, so no name server is needed.
		c := client{Proxy: urls[tt.scheme], Resolver: dial.NameServer(closed.String()), Timeout: time.Minute}
		conn, err := c.DialProxy(t.Context(), tt.host, 25)
		require.NoError(t, err, tt)
		require.Equal(t, tt.want, <-requests)
		require.Implements(t, (*syscall.Conn)(nil), conn)
		got := make([]byte, len("220 relay\r\n"))
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, "220 relay\r\n", string(got))
		_, err = conn.Write([]byte("QUIT"))
		require.NoError(t, err)
		_, err = io.ReadFull(conn, got[:4])
		require.NoError(t, err, "the deadline of the handshake is still set")
		conn.Close()
	}
	_, err := client{Proxy: urls["http"]}.DialProxy(t.Context(), "relay.test\r\nEvil: 1", 25)
	require.Equal(t, "config_error/invalid_address@connect", outcome(t, err))
}

// script starts a server that sends the next reply whenever it receives data, and
// then closes the connection. After a last reply that ends with " and wait" it
// waits for the client to close it.
func script(t *testing.T, replies ...string) string {
	t.Helper()
	return serve(t, "127.0.0.1", func(conn net.Conn) {
		b := make([]byte, 1024)
		for _, reply := range replies {
			if _, err := conn.Read(b); err != nil {
				return
			}
			write(conn, reply)
		}
		if len(replies) > 0 && strings.HasSuffix(replies[len(replies)-1], " and wait") {
			discard(conn)
		}
	}).String()
}

func TestProxy_Failures(t *testing.T) {
	t.Parallel()
	const (
		noAuth, passwordAuth, authenticated = "\x05\x00", "\x05\x02", "\x01\x00"
		reply                               = "\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	socks := func(replies ...string) string { return "socks5://" + login + script(t, replies...) }
	tunnel := func(reply string) string { return "http://" + login + script(t, reply) }
	for name, tt := range map[string]struct{ url, want, text string }{
		"SOCKS general failure":            {url: socks(noAuth, "\x05\x01"+reply), want: "connect_error/proxy_refused", text: "general SOCKS server failure"},
		"SOCKS not allowed":                {url: socks(noAuth, "\x05\x02"+reply), want: "connect_error/proxy_refused", text: "not allowed"},
		"SOCKS network unreachable":        {url: socks(noAuth, "\x05\x03"+reply), want: "connect_error/network_unreachable", text: "to the relay: network unreachable"},
		"SOCKS host unreachable":           {url: socks(noAuth, "\x05\x04"+reply), want: "connect_error/host_unreachable", text: "to the relay: host unreachable"},
		"SOCKS connection refused":         {url: socks(noAuth, "\x05\x05"+reply), want: "connect_error/refused", text: "to the relay: connection refused"},
		"SOCKS TTL expired":                {url: socks(noAuth, "\x05\x06"+reply), want: "connect_error/host_unreachable", text: "to the relay: TTL expired"},
		"SOCKS command not supported":      {url: socks(noAuth, "\x05\x07"+reply), want: "connect_error/proxy_refused", text: "command not supported"},
		"SOCKS address type not supported": {url: socks(noAuth, "\x05\x08"+reply), want: "connect_error/proxy_refused", text: "address type not supported"},
		"SOCKS unknown reply":              {url: socks(noAuth, "\x05\x63"+reply), want: "connect_error/proxy_refused", text: "unknown code"},
		"SOCKS wrong login":                {url: socks(passwordAuth, "\x01\x01"), want: "connect_error/proxy_refused", text: "authentication failed"},
		"SOCKS no acceptable method":       {url: socks("\x05\xff"), want: "connect_error/proxy_refused", text: "no acceptable"},
		"HTTP instead of SOCKS":            {url: socks("HTTP/1.0 400 Bad Request\r\n\r\n"), want: "connect_error/proxy_refused", text: "protocol version"},
		"SOCKS close":                      {url: socks(), want: "connect_error/", text: ""},
		"SOCKS close in a reply":           {url: socks(passwordAuth, authenticated, "\x05\x00"), want: "connect_error/closed", text: "EOF"},
		"HTTP 407":                         {url: tunnel("HTTP/1.1 407 s3cr@t is wrong\r\nContent-Length: 5\r\n\r\nwrong"), want: "connect_error/proxy_refused", text: "407 Proxy Authentication Required"},
		"HTTP 403":                         {url: tunnel("HTTP/1.1 403 Forbidden\r\n\r\n"), want: "connect_error/proxy_refused", text: "403"},
		"HTTP 302":                         {url: tunnel("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), want: "connect_error/proxy_refused", text: "302"},
		"HTTP 405":                         {url: tunnel("HTTP/1.1 405 No\r\n\r\n"), want: "connect_error/proxy_refused", text: "405"},
		"HTTP 502":                         {url: tunnel("HTTP/1.1 502 Bad Gateway\r\n\r\n"), want: "connect_error/host_unreachable", text: "502"},
		"HTTP 503":                         {url: tunnel("HTTP/1.1 503 Service Unavailable\r\n\r\n"), want: "connect_error/host_unreachable", text: "503"},
		"HTTP 504":                         {url: tunnel("HTTP/1.1 504 Gateway Timeout\r\n\r\n"), want: "connect_timeout", text: "504"},
		"SMTP instead of HTTP":             {url: tunnel("220 relay.test ESMTP\r\n and wait"), want: "connect_error/proxy_refused", text: "not HTTP"},
		"HTTP invalid header":              {url: tunnel("HTTP/1.1 200 OK\r\nno header\r\n\r\n"), want: "connect_error/proxy_refused", text: "not HTTP"},
		"HTTP long header":                 {url: tunnel("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 4000) + " and wait"), want: "connect_error/proxy_refused", text: "too long"},
		"HTTP 1xx only":                    {url: tunnel(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) + " and wait"), want: "connect_error/proxy_refused", text: "informational"},
		"HTTP close in the status line":    {url: tunnel("HTTP/1.1 200 O"), want: "connect_error/closed", text: "EOF"},
		"SOCKS invalid version":            {url: socks(" and wait"), want: "connect_", text: ""},
		"connection refused":               {url: "socks5://" + login + closed.String(), want: "connect_error/refused", text: "refused"},
		"failed lookup":                    {url: "http://" + login + "proxy.invalid:3128", want: "dns_", text: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client{Proxy: tt.url, Timeout: time.Minute, Resolver: dial.NameServer(closed.String())}
			_, err := c.DialProxy(t.Context(), "relay.test", 25)
			got := outcome(t, err)
			require.True(t, strings.HasPrefix(got, tt.want), "%s: %v", got, err)
			require.True(t, strings.HasSuffix(got, "@connect"), got)
			require.Contains(t, err.Error(), tt.text)
			scheme, _, _ := strings.Cut(tt.url, login)
			require.Contains(t, err.Error(), ": proxy "+scheme)
			require.NotContains(t, err.Error(), "s3cr")
			e, _ := errors.AsType[*smtperr.Error](err)
			require.Contains(t, []smtperr.Fault{smtperr.FaultNetwork, smtperr.FaultConfig}, e.Fault())
		})
	}
}

func TestProxy_Timeout(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"socks5", "http"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := client{Proxy: scheme + "://192.0.2.1:1080", Dialer: fakeDialer{"192.0.2.1": connects}, Timeout: time.Second}
				_, err := c.DialProxy(t.Context(), "relay.test", 25)
				require.Equal(t, "connect_timeout@connect", outcome(t, err))

				c.Timeout = 0
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err = c.DialProxy(ctx, "relay.test", 25)
				require.Equal(t, "connect_timeout@connect", outcome(t, err))

				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				_, err = c.DialProxy(ctx, "relay.test", 25)
				require.Equal(t, "canceled@connect", outcome(t, err))
			})
		})
	}
}
