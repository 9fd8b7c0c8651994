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

// proxies are a proxy of each kind that consents and then speaks as the relay
// at once, in the same segment. asked is what each was asked for.
func proxies(t *testing.T) (urls map[string]string, asked chan string) {
	t.Helper()
	asked = make(chan string, 1)
	socks := serve(t, "127.0.0.1", func(conn net.Conn) {
		address, err := acceptSOCKS(conn, "probe", "s3cr@t")
		if err != nil {
			asked <- err.Error()
			return
		}
		asked <- address
		say(conn, "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x19220 relay\r\n")
		echo(conn)
	})
	tunnel := serve(t, "127.0.0.1", func(conn net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			asked <- err.Error()
			return
		}
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		if user, password, _ := r.BasicAuth(); user != "probe" || password != "s3cr@t" {
			asked <- "wrong login"
			return
		}
		asked <- r.Method + " " + r.RequestURI + " " + r.Host
		say(conn, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n220 relay\r\n")
		echo(conn)
	})
	return map[string]string{
		"socks5": "socks5://" + login + socks.String(),
		"http":   "http://" + login + tunnel.String(),
	}, asked
}

// acceptSOCKS is a SOCKS5 server up to the request: the host:port asked for.
func acceptSOCKS(conn net.Conn, user, password string) (string, error) {
	in := bufio.NewReader(conn)
	take := func() ([]byte, error) { // a length, and as many bytes
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
	methods, err := take()
	if err != nil {
		return "", err
	}
	method := byte(0)
	if user != "" && len(methods) > 1 {
		method = 2
	}
	say(conn, string([]byte{5, method}))
	if method == 2 {
		if _, err := in.Discard(1); err != nil {
			return "", err
		}
		u, err := take()
		if err != nil {
			return "", err
		}
		p, err := take()
		if err != nil {
			return "", err
		}
		if string(u) != user || string(p) != password {
			say(conn, "\x01\x01")
			return "", fmt.Errorf("wrong login %q %q", u, p)
		}
		say(conn, "\x01\x00")
	}
	request := make([]byte, 4)
	if _, err := io.ReadFull(in, request); err != nil {
		return "", err
	}
	host := ""
	switch kind := request[3]; kind {
	case 1, 4:
		ip := make(net.IP, 4*kind)
		_, err = io.ReadFull(in, ip)
		host = ip.String()
	case 3:
		var name []byte
		name, err = take()
		host = string(name)
	}
	port := make([]byte, 2)
	if err == nil {
		_, err = io.ReadFull(in, port)
	}
	return fmt.Sprintf("%d %s %d", request[1], host, int(port[0])<<8|int(port[1])), err
}

func TestProxy_LosesNothing(t *testing.T) {
	t.Parallel()
	urls, asked := proxies(t)
	for _, tt := range []struct{ scheme, host, want string }{
		{"socks5", "relay.test", "1 relay.test 25"},
		{"socks5", "bücher.test", "1 xn--bcher-kva.test 25"},
		{"socks5", "192.0.2.1", "1 192.0.2.1 25"},
		{"socks5", "2001:db8::1", "1 2001:db8::1 25"},
		{"http", "relay.test", "CONNECT relay.test:25 relay.test:25"},
		{"http", "bücher.test", "CONNECT xn--bcher-kva.test:25 xn--bcher-kva.test:25"},
		{"http", "2001:db8::1", "CONNECT [2001:db8::1]:25 [2001:db8::1]:25"},
	} {
		// Any name server would be one too many.
		c := config{Proxy: urls[tt.scheme], DNSServer: closed.String(), Timeout: time.Minute}
		conn, err := c.DialHost(t.Context(), tt.host, 25)
		require.NoError(t, err, tt)
		require.Equal(t, tt.want, <-asked)
		require.Implements(t, (*syscall.Conn)(nil), conn)
		got := make([]byte, len("220 relay\r\n"))
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, "220 relay\r\n", string(got))
		_, err = conn.Write([]byte("QUIT"))
		require.NoError(t, err)
		_, err = io.ReadFull(conn, got[:4])
		require.NoError(t, err, "the handshake's deadline is gone")
		conn.Close()
	}
	_, err := config{Proxy: urls["http"]}.DialHost(t.Context(), "relay.test\r\nEvil: 1", 25)
	require.Equal(t, "config_error/invalid_address@connect", said(t, err))
}

// script answers whatever comes first with the answers, one after the other.
func script(t *testing.T, answers ...string) string {
	t.Helper()
	return serve(t, "127.0.0.1", func(conn net.Conn) {
		b := make([]byte, 1024)
		for _, answer := range answers {
			if _, err := conn.Read(b); err != nil {
				return
			}
			say(conn, answer)
		}
		if len(answers) > 0 && strings.HasSuffix(answers[len(answers)-1], " and wait") {
			linger(conn)
		}
	}).String()
}

func TestProxy_Refuses(t *testing.T) {
	t.Parallel()
	const (
		noLogin, wantsLogin, welcome = "\x05\x00", "\x05\x02", "\x01\x00"
		reply                        = "\x00\x01\x00\x00\x00\x00\x00\x00"
	)
	socks := func(answers ...string) string { return "socks5://" + login + script(t, answers...) }
	tunnel := func(answer string) string { return "http://" + login + script(t, answer) }
	for name, tt := range map[string]struct{ url, want, text string }{
		"SOCKS general failure":         {socks(noLogin, "\x05\x01"+reply), "connect_error/proxy_refused", "general SOCKS server failure"},
		"SOCKS not allowed":             {socks(noLogin, "\x05\x02"+reply), "connect_error/proxy_refused", "not allowed"},
		"SOCKS network unreachable":     {socks(noLogin, "\x05\x03"+reply), "connect_error/network_unreachable", "to the relay: network unreachable"},
		"SOCKS host unreachable":        {socks(noLogin, "\x05\x04"+reply), "connect_error/host_unreachable", "to the relay: host unreachable"},
		"SOCKS connection refused":      {socks(noLogin, "\x05\x05"+reply), "connect_error/refused", "to the relay: connection refused"},
		"SOCKS TTL expired":             {socks(noLogin, "\x05\x06"+reply), "connect_error/host_unreachable", "to the relay: TTL expired"},
		"SOCKS command unknown":         {socks(noLogin, "\x05\x07"+reply), "connect_error/proxy_refused", "command not supported"},
		"SOCKS kind of address unknown": {socks(noLogin, "\x05\x08"+reply), "connect_error/proxy_refused", "address type not supported"},
		"SOCKS unknown reply":           {socks(noLogin, "\x05\x63"+reply), "connect_error/proxy_refused", "unknown code"},
		"SOCKS wrong login":             {socks(wantsLogin, "\x01\x01"), "connect_error/proxy_refused", "authentication failed"},
		"SOCKS no method":               {socks("\x05\xff"), "connect_error/proxy_refused", "no acceptable"},
		"no SOCKS but HTTP":             {socks("HTTP/1.0 400 Bad Request\r\n\r\n"), "connect_error/proxy_refused", "protocol version"},
		"SOCKS closes":                  {socks(), "connect_error/", ""},
		"SOCKS closes in mid-reply":     {socks(wantsLogin, welcome, "\x05\x00"), "connect_error/closed", "EOF"},
		"HTTP login":                    {tunnel("HTTP/1.1 407 s3cr@t is wrong\r\nContent-Length: 5\r\n\r\nwrong"), "connect_error/proxy_refused", "407 Proxy Authentication Required"},
		"HTTP forbidden":                {tunnel("HTTP/1.1 403 Forbidden\r\n\r\n"), "connect_error/proxy_refused", "403"},
		"HTTP redirect":                 {tunnel("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), "connect_error/proxy_refused", "302"},
		"HTTP no CONNECT":               {tunnel("HTTP/1.1 405 No\r\n\r\n"), "connect_error/proxy_refused", "405"},
		"HTTP bad gateway":              {tunnel("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "connect_error/host_unreachable", "502"},
		"HTTP unavailable":              {tunnel("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "connect_error/host_unreachable", "503"},
		"HTTP gateway timeout":          {tunnel("HTTP/1.1 504 Gateway Timeout\r\n\r\n"), "connect_timeout", "504"},
		"no HTTP but a relay":           {tunnel("220 relay.test ESMTP\r\n and wait"), "connect_error/proxy_refused", "not HTTP"},
		"no HTTP in the second line":    {tunnel("HTTP/1.1 200 OK\r\nno header\r\n\r\n"), "connect_error/proxy_refused", "not HTTP"},
		"HTTP endless header":           {tunnel("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 4000) + " and wait"), "connect_error/proxy_refused", "too long"},
		"HTTP nothing but 1xx":          {tunnel(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) + " and wait"), "connect_error/proxy_refused", "informational"},
		"HTTP closes in mid-answer":     {tunnel("HTTP/1.1 200 O"), "connect_error/closed", "EOF"},
		"SOCKS never answers":           {socks(" and wait"), "connect_", ""},
		"nobody there":                  {"socks5://" + login + closed.String(), "connect_error/refused", "refused"},
		"no such proxy":                 {"http://" + login + "proxy.invalid:3128", "dns_", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config{Proxy: tt.url, Timeout: 5 * time.Second, DNSServer: closed.String()}
			_, err := c.DialHost(t.Context(), "relay.test", 25)
			got := said(t, err)
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

func TestProxy_Silent(t *testing.T) {
	t.Parallel()
	silent := serve(t, "127.0.0.1", linger)
	for _, scheme := range []string{"socks5", "http"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			c := config{Proxy: scheme + "://" + silent.String(), Timeout: 100 * time.Millisecond}
			_, err := c.DialHost(t.Context(), "relay.test", 25)
			require.Equal(t, "connect_timeout@connect", said(t, err))

			c.Timeout = 0
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err = c.DialHost(ctx, "relay.test", 25)
			require.Equal(t, "connect_timeout@connect", said(t, err))

			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			_, err = c.DialHost(ctx, "relay.test", 25)
			require.Equal(t, "canceled@connect", said(t, err))
		})
	}
}
