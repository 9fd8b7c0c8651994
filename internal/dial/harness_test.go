package dial_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dial"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// client has the settings of all parts of the package.
type client struct {
	Network  string
	Source   netip.Addr
	Proxy    string
	Timeout  time.Duration
	Resolver dial.Resolver
	Dialer   dial.Dialer // nil: dial.Direct
}

// systemResolver returns the system's resolver with another name server.
func systemResolver(server string) dial.System {
	return dial.System{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}
}

// resolvers returns both resolvers, using the same name server.
func resolvers(server string) map[string]dial.Resolver {
	return map[string]dial.Resolver{"name server": dial.NameServer(server), "system": systemResolver(server)}
}

func (c client) lookup() dial.Lookup {
	return dial.Lookup{Resolver: c.Resolver, Network: c.Network, Timeout: c.Timeout}
}

func (c client) dialer() dial.Dialer {
	if c.Dialer != nil {
		return c.Dialer
	}
	return dial.Direct{Source: c.Source}
}

func (c client) Addrs(ctx context.Context, host string) ([]netip.Addr, error) {
	return c.lookup().Addrs(ctx, host)
}

func (c client) MX(ctx context.Context, domain string) ([]dial.MXHost, error) {
	return c.lookup().MX(ctx, domain)
}

func (c client) Dial(ctx context.Context, addrs []netip.Addr, port uint16) (net.Conn, error) {
	return dial.Attempts{Dialer: c.dialer(), Timeout: c.Timeout}.Dial(ctx, addrs, port)
}

func (c client) DialUnix(ctx context.Context, path string) (net.Conn, error) {
	return dial.Unix(ctx, c.dialer(), path, c.Timeout)
}

func (c client) DialProxy(ctx context.Context, host string, port uint16) (net.Conn, error) {
	p, err := dial.ParseProxy(c.Proxy)
	if err != nil {
		return nil, err
	}
	p.Dialer, p.Lookup, p.Timeout = c.Dialer, c.lookup(), c.Timeout
	return p.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
}

// outcome returns class/reason@phase of an error.
func outcome(t *testing.T, err error) string {
	t.Helper()
	require.Error(t, err)
	var e *smtperr.Error
	require.ErrorAs(t, err, &e)
	require.Same(t, e, err, "the classified error is wrapped")
	text := e.Class.String()
	if e.Reason != "" {
		text += "/" + string(e.Reason)
	}
	return text + "@" + string(e.Phase)
}

// secondary returns the outcomes of the secondary errors.
func secondary(t *testing.T, err error) []string {
	t.Helper()
	var e *smtperr.Error
	require.ErrorAs(t, err, &e)
	var list []string
	for _, other := range e.Secondary {
		list = append(list, outcome(t, other))
	}
	return list
}

// fakeDialer maps addresses to functions that dial them.
type fakeDialer map[string]func(ctx context.Context) (net.Conn, error)

func (d fakeDialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return d[netip.MustParseAddrPort(address).Addr().String()](ctx)
}

// timesOut waits until the context ends.
func timesOut(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
}

// stalls returns a second after the context has ended.
func stalls(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	time.Sleep(time.Second) // in a synctest bubble
	return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
}

func refuses(context.Context) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}

// connects returns a connection to a peer that reads and never writes.
func connects(context.Context) (net.Conn, error) {
	conn, peer := net.Pipe()
	go discard(peer)
	return conn, nil
}

// serve handles each connection to a free port of an address.
func serve(t *testing.T, ip string, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	require.NoError(t, err)
	serveOn(t, l, handle)
	return netip.MustParseAddrPort(l.Addr().String())
}

func serveOn(t *testing.T, l net.Listener, handle func(net.Conn)) {
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
				handle(conn)
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

// closed is a port where nobody listens: tcpmux (RFC 1078). An ephemeral port could
// be taken by another test.
var closed = netip.MustParseAddrPort("127.0.0.1:1")

// write writes to a client that may be gone.
func write(conn net.Conn, text string) {
	_, _ = io.WriteString(conn, text) //nolint:errcheck // the client fails then
}

// discard reads until the client closes the connection.
func discard(conn net.Conn) {
	_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // any error ends it
}

func echo(conn net.Conn) {
	_, _ = io.Copy(conn, conn) //nolint:errcheck // any error ends it
}

func addrs(texts ...string) []netip.Addr {
	list := make([]netip.Addr, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParseAddr(text)
	}
	return list
}
