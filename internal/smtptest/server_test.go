package smtptest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	"github.com/stretchr/testify/require"
)

func TestListen_Address(t *testing.T) {
	t.Parallel()
	v4 := Start(t, Script{})
	require.Equal(t, "127.0.0.1", v4.Host())
	require.Equal(t, v4.Addr().String(), net.JoinHostPort(v4.Host(), strconv.Itoa(int(v4.Port()))))

	path := filepath.Join(t.TempDir(), "lmtp")
	unix := Start(t, Script{LMTP: true}, On("unix", path))
	require.Equal(t, path, unix.Host())
	require.Zero(t, unix.Port())
	c := dial(t, unix)
	require.Equal(t, "220 relay.test LMTP\r\n", c.reply())
	c.say("LHLO x", "QUIT")
	c.close()
	require.Equal(t, ClientQuit, unix.Session(t).End)
	unix.Close()
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	_, err = Listen(Script{}, On("tcp", v4.Addr().String()))
	require.ErrorContains(t, err, "starting a scripted relay")

	v6, err := Listen(Script{}, On("tcp", "[::1]:0"))
	if err != nil {
		t.Skip("no IPv6 loopback")
	}
	defer v6.Close()
	require.Equal(t, "::1", v6.Host())
	require.Equal(t, "220", dial(t, v6).reply()[:3])
}

func TestListen_From(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := Start(t, Script{Mail: Reset()}, From(&proxyproto.Listener{Listener: l}))
	slow := dial(t, srv) // a client without a header does not block others
	c := dial(t, srv)
	header := &proxyproto.Header{
		Version: 1, Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4,
		SourceAddr:      &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1025},
		DestinationAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 25), Port: 25},
	}
	_, err = header.WriteTo(c.conn)
	require.NoError(t, err)
	c.reply()
	c.say("EHLO x")
	c.send("MAIL FROM:<>\r\n")
	_, err = c.rest()
	require.ErrorContains(t, err, "reset")
	s := srv.Wait(t, 1)[1]
	require.Equal(t, "192.0.2.1:1025", s.Remote.String())
	require.Equal(t, "192.0.2.25:25", s.Local.String())
	slow.close()
}

func TestServer_Keep(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{}, Keep(2))
	for range 5 {
		c := dial(t, srv)
		c.reply()
		c.close()
	}
	sessions := srv.Wait(t, 5)
	require.Len(t, sessions, 2)
	require.Equal(t, 4, sessions[0].Number)
	require.Equal(t, 5, sessions[1].Number)
	require.False(t, sessions[1].Began.Before(sessions[0].Began))
	require.False(t, sessions[1].Ended.Before(sessions[1].Began))
}

// failing is a TB that records the message.
type failing struct {
	TB
	message string
}

func (*failing) Helper() {}

func (f *failing) Fatalf(format string, _ ...any) { f.message = format }

func TestServer_Wait(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	srv.Close()
	var f failing
	srv.Wait(&f, 1)
	require.Contains(t, f.message, "waited for %d sessions")
}

func TestServer_RunningSession(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	c := dial(t, srv)
	c.reply()
	c.say("NOOP")
	s := srv.Sessions()[0]
	require.Equal(t, []string{"NOOP"}, s.Commands())
	require.Equal(t, "NOOP\r\n", s.Lines[0].Raw)
	require.WithinDuration(t, time.Now(), s.Lines[0].At, waitLimit)
	require.Equal(t, Running, s.End)
	require.True(t, s.Ended.IsZero())
}

func TestServer_ConcurrentSessions(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	const clients = 50
	for range clients {
		c := dial(t, srv)
		go func() {
			defer c.conn.Close()
			if _, err := c.in.ReadString('\n'); err == nil {
				fmt.Fprint(c.conn, "QUIT\r\n")
			}
		}()
	}
	for _, s := range srv.Wait(t, clients) {
		require.Equal(t, ClientQuit, s.End)
	}
}
