package route_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

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
