package smtptest

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

func TestEnding_Client(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		step Step
		tls  bool
		want error
	}{
		{name: "Close", step: Close()},
		{name: "HalfClose", step: HalfClose()},
		{name: "Cut", step: Cut()},
		{name: "Reset", step: Reset(), want: syscall.ECONNRESET},
		{name: "Close over TLS", step: Close(), tls: true},
		{name: "HalfClose over TLS", step: HalfClose(), tls: true},
		{name: "Cut over TLS", step: Cut(), tls: true},
		{name: "Reset over TLS", step: Reset(), tls: true, want: syscall.ECONNRESET},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script := Script{Mail: Then(Say("250 ok"), tt.step)}
			if tt.tls {
				script.TLS, script.ImplicitTLS = certs.Server(certs.SelfSigned(certs.For("relay.test"))), true
			}
			srv := Start(t, script)
			c := dial(t, srv)
			if tt.tls {
				c.over(tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true}))
			}
			c.reply()
			c.say("EHLO x")
			c.send("MAIL FROM:<>\r\n")
			rest, err := c.rest()
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, "250 ok\r\n", rest)
			} else {
				require.ErrorIs(t, err, tt.want)
			}
			_ = c.conn.Close()
			require.Equal(t, RelayEnded, srv.Session(t).End)
		})
	}
}

func TestEnding_CloseNotify(t *testing.T) {
	t.Parallel()
	const alert, data = 21, 23 // RFC 5246 §6.2.1
	for name, tt := range map[string]struct {
		step Step
		last byte
	}{
		"Close":     {step: Close(), last: alert},
		"HalfClose": {step: HalfClose(), last: alert},
		"Cut":       {step: Cut(), last: data},
	} {
		cert := certs.SelfSigned(certs.For("relay.test"))
		srv := Start(t, Script{TLS: certs.ServerUpTo(tls.VersionTLS12, cert), ImplicitTLS: true, Greeting: Then(Healthy(), tt.step)})
		c := dial(t, srv)
		wire := &recording{Conn: c.conn}
		c.over(tls.Client(wire, &tls.Config{InsecureSkipVerify: true}))
		_, err := c.rest()
		require.NoError(t, err)
		require.Equal(t, tt.last, lastRecord(wire.input), name)
	}
}

// recording is a connection that records the input.
type recording struct {
	net.Conn
	input []byte
}

func (s *recording) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.input = append(s.input, b[:n]...)
	return n, err
}

// lastRecord returns the type of the last TLS record.
func lastRecord(records []byte) (kind byte) {
	const header = 5
	for len(records) >= header {
		kind = records[0]
		records = records[header+int(binary.BigEndian.Uint16(records[3:])):]
	}
	return kind
}

func TestSession_End(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	closing := dial(t, srv)
	closing.reply()
	closing.close()
	require.Equal(t, ClientClosed, srv.Session(t).End)

	resetting := dial(t, srv)
	resetting.reply()
	require.NoError(t, resetting.conn.(canLinger).SetLinger(0))
	resetting.close()
	s := srv.Wait(t, 2)[1]
	require.Equal(t, ClientAborted, s.End)
	require.ErrorIs(t, s.Err, syscall.ECONNRESET)

	quitting := dial(t, srv)
	quitting.reply()
	quitting.say("QUIT")
	quitting.send("hello?")
	quitting.close()
	s = srv.Wait(t, 3)[2]
	require.Equal(t, ClientQuit, s.End)
	require.Equal(t, "hello?", string(s.Stray))
}

func TestSilence(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{EHLO: Silence()})
	c := dial(t, srv)
	c.reply()
	c.send("EHLO x\r\nMAIL")
	c.close()
	s := srv.Session(t)
	require.Equal(t, ClientClosed, s.End)
	require.Equal(t, "MAIL", string(s.Stray))
}

func TestStall(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Data: Then(Healthy(), Stall())})
	c := dial(t, srv)
	c.reply()
	c.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@b.test>", "DATA")
	require.NoError(t, c.conn.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := io.WriteString(c.conn, strings.Repeat("x", 32<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// waits returns scripts with each step that waits.
func waits() map[string]Script {
	cert := certs.Server(certs.SelfSigned(certs.For("relay.test")))
	return map[string]Script{
		"next command":       {},
		"Silence":            {Greeting: Silence()},
		"Stall":              {Greeting: Stall()},
		"Pause":              {Greeting: Pause(time.Hour)},
		"Before":             {Before: Pause(time.Hour)},
		"Drip":               {Greeting: Drip("220 relay\r\n", time.Hour)},
		"Endless":            {Greeting: Endless("220-x\r\n")},
		"HalfClose":          {Greeting: Then(Healthy(), HalfClose())},
		"handshake":          {TLS: cert, ImplicitTLS: true},
		"Handshake":          {TLS: cert, ImplicitTLS: true, Handshake: Pause(time.Hour)},
		"TLS without Config": {ImplicitTLS: true},
	}
}

func TestServer_Close(t *testing.T) { //nolint:paralleltest // counts goroutines
	before := runtime.NumGoroutine()
	for name, script := range waits() {
		srv, err := Listen(script)
		require.NoError(t, err)
		c := dial(t, srv)
		require.Eventually(t, func() bool { return len(srv.Sessions()) == 1 }, waitLimit, time.Millisecond)
		srv.Close()
		srv.Close()
		s := srv.Sessions()[0]
		require.Equal(t, RelayEnded, s.End, name)
		require.NoError(t, s.Err, name)
		require.False(t, s.Ended.IsZero(), name)
		c.close()
	}
	const own = 1 // Eventually runs the condition in a goroutine
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+own }, waitLimit, time.Millisecond)
}

func TestSteps_ClientLeaves(t *testing.T) {
	t.Parallel()
	scripts := waits()
	delete(scripts, "Stall")
	for name, script := range scripts {
		srv := Start(t, script)
		c := dial(t, srv)
		c.close()
		require.NotEqual(t, Running, srv.Session(t).End, name)
	}
}
