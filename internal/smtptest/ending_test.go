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

func TestEnding_AtTheClient(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		step Step
		tls  bool
		want error
	}{
		{"Close is the end of the stream", Close(), false, nil},
		{"HalfClose is the end of the stream", HalfClose(), false, nil},
		{"Cut without TLS is the end of the stream", Cut(), false, nil},
		{"Reset is a reset", Reset(), false, syscall.ECONNRESET},
		{"Close over TLS is the end of the stream", Close(), true, nil},
		{"HalfClose over TLS is the end of the stream", HalfClose(), true, nil},
		{"Cut over TLS is the end of the stream", Cut(), true, nil},
		{"Reset over TLS is a reset", Reset(), true, syscall.ECONNRESET},
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
			require.Equal(t, RelayEnded, srv.Wait(t, 1)[0].End)
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
		"Close":     {Close(), alert},
		"HalfClose": {HalfClose(), alert},
		"Cut":       {Cut(), data},
	} {
		cert := certs.SelfSigned(certs.For("relay.test"))
		srv := Start(t, Script{TLS: certs.ServerUpTo(tls.VersionTLS12, cert), ImplicitTLS: true, Greeting: Then(Healthy(), tt.step)})
		c := dial(t, srv)
		wire := &sniffed{Conn: c.conn}
		c.over(tls.Client(wire, &tls.Config{InsecureSkipVerify: true}))
		_, err := c.rest()
		require.NoError(t, err)
		require.Equal(t, tt.last, lastRecord(wire.seen), name)
	}
}

// sniffed keeps what was read.
type sniffed struct {
	net.Conn
	seen []byte
}

func (s *sniffed) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.seen = append(s.seen, b[:n]...)
	return n, err
}

// lastRecord is the type of the last of some TLS records.
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
	closes := dial(t, srv)
	closes.reply()
	closes.close()
	require.Equal(t, ClientClosed, srv.Wait(t, 1)[0].End)

	resets := dial(t, srv)
	resets.reply()
	require.NoError(t, resets.conn.(canLinger).SetLinger(0))
	resets.close()
	s := srv.Wait(t, 2)[1]
	require.Equal(t, ClientAborted, s.End)
	require.ErrorIs(t, s.Err, syscall.ECONNRESET)

	quits := dial(t, srv)
	quits.reply()
	quits.say("QUIT")
	quits.send("hello?")
	quits.close()
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
	s := srv.Wait(t, 1)[0]
	require.Equal(t, ClientClosed, s.End)
	require.Equal(t, "MAIL", string(s.Stray))
}

func TestDeaf(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{Data: Then(Healthy(), Deaf())})
	c := dial(t, srv)
	c.reply()
	c.say("EHLO x", "MAIL FROM:<>", "RCPT TO:<a@b.test>", "DATA")
	require.NoError(t, c.conn.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	_, err := io.WriteString(c.conn, strings.Repeat("x", 32<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// everyWait is every step that can last.
func everyWait() map[string]Script {
	cert := certs.Server(certs.SelfSigned(certs.For("relay.test")))
	return map[string]Script{
		"the next command":    {},
		"silence":             {Greeting: Silence()},
		"deafness":            {Greeting: Deaf()},
		"a pause":             {Greeting: Pause(time.Hour)},
		"a pause before":      {Before: Pause(time.Hour)},
		"a drip":              {Greeting: Drip("220 relay\r\n", time.Hour)},
		"an endless reply":    {Greeting: Endless("220-x\r\n")},
		"the client's end":    {Greeting: Then(Healthy(), HalfClose())},
		"a handshake":         {TLS: cert, ImplicitTLS: true},
		"before a handshake":  {TLS: cert, ImplicitTLS: true, Handshake: Pause(time.Hour)},
		"without a handshake": {ImplicitTLS: true},
	}
}

func TestServer_Close(t *testing.T) { //nolint:paralleltest // it counts goroutines
	before := runtime.NumGoroutine()
	for name, script := range everyWait() {
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
	const itself = 1 // the condition runs in a goroutine
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+itself }, waitLimit, time.Millisecond)
}

func TestSteps_ClientLeaves(t *testing.T) {
	t.Parallel()
	scripts := everyWait()
	delete(scripts, "deafness")
	for name, script := range scripts {
		srv := Start(t, script)
		c := dial(t, srv)
		c.close()
		require.NotEqual(t, Running, srv.Wait(t, 1)[0].End, name)
	}
}
