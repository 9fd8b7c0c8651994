package dial_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// config is a way to a relay as a test describes it.
type config struct {
	Network   string
	Source    netip.Addr
	Proxy     string
	DNSServer string
	Timeout   time.Duration
	resolver  dial.Resolver // over DNSServer
}

// overSystem resolves by the system's resolver, whose name server is replaced.
func (c config) overSystem(server string) config {
	c.resolver = dial.System{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}
	return c
}

func (c config) lookup() dial.Lookup {
	l := dial.Lookup{Resolver: c.resolver, Network: c.Network, Timeout: c.Timeout}
	if c.DNSServer != "" {
		l.Resolver = dial.NameServer(c.DNSServer)
	}
	return l
}

func (c config) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return c.lookup().Addrs(ctx, host)
}

func (c config) MX(ctx context.Context, domain string) ([]dial.MXHost, error) {
	return c.lookup().MX(ctx, domain)
}

func (c config) Dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	return dial.Attempts{Dialer: dial.Direct{Source: c.Source}, Timeout: c.Timeout}.Dial(ctx, addrs, port)
}

func (c config) DialUnix(ctx context.Context, path string) (net.Conn, error) {
	return dial.Unix(ctx, dial.Direct{Source: c.Source}, path, c.Timeout)
}

func (c config) DialHost(ctx context.Context, host string, port uint16) (net.Conn, error) {
	p, err := dial.ParseProxy(c.Proxy)
	if err != nil {
		return nil, err
	}
	p.Lookup, p.Timeout = c.lookup(), c.Timeout
	return p.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
}

// said is a verdict in short: class/reason@phase.
func said(t *testing.T, err error) string {
	t.Helper()
	require.Error(t, err)
	var e *smtperr.Error
	require.ErrorAs(t, err, &e)
	require.Same(t, e, err, "the error itself is the classified one")
	text := e.Class.String()
	if e.Reason != "" {
		text += "/" + string(e.Reason)
	}
	return text + "@" + string(e.Phase)
}

// serve lets each connection to a free port of an address talk to talk.
func serve(t *testing.T, ip string, talk func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	require.NoError(t, err)
	serveOn(t, l, talk)
	return netip.MustParseAddrPort(l.Addr().String())
}

func serveOn(t *testing.T, l net.Listener, talk func(net.Conn)) {
	t.Helper()
	var mu sync.Mutex
	var running sync.WaitGroup
	var conns []net.Conn
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			running.Go(func() {
				defer conn.Close()
				talk(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
}

// closed is a port where nobody listens: that of tcpmux (RFC 1078). One that
// was free a moment ago may be another test's by now.
var closed = netip.MustParseAddrPort("127.0.0.1:1")

// say writes to a client that may have left.
func say(conn net.Conn, text string) {
	_, _ = io.WriteString(conn, text) //nolint:errcheck // then the test sees it
}

// linger waits until the client leaves.
func linger(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // however it leaves
}

// echo sends back what comes.
func echo(conn net.Conn) {
	_, _ = io.Copy(conn, conn) //nolint:errcheck // however it ends
}

func addrs(texts ...string) []netip.Addr {
	list := make([]netip.Addr, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParseAddr(text)
	}
	return list
}
