package smtptest

import (
	"crypto/tls"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
)

// startTLS performs the handshake and continues over TLS.
func (c *client) startTLS(config *tls.Config) *tls.ConnectionState {
	c.t.Helper()
	conn := tls.Client(c.conn, config)
	require.NoError(c.t, conn.Handshake())
	c.over(conn)
	state := conn.ConnectionState()
	return &state
}

func trusting(ca *certs.Authority) *tls.Config {
	return &tls.Config{RootCAs: ca.Pool(), ServerName: "relay.test", MinVersion: tls.VersionTLS10}
}

func TestTLS_STARTTLS(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("test")
	srv := Start(t, Script{
		TLS:           certs.Server(ca.Issue(certs.For("relay.test"))),
		Extensions:    []string{"SIZE 5"},
		ExtensionsTLS: []string{"SIZE 7"},
	})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "250-relay.test\r\n250-SIZE 5\r\n250 STARTTLS\r\n", c.say("EHLO x"))
	require.Equal(t, "220 2.0.0 ready to start TLS\r\n", c.say("STARTTLS"))
	c.startTLS(trusting(ca))
	require.Equal(t, "503", c.say("MAIL FROM:<>")[:3], "the EHLO before TLS is discarded")
	require.Equal(t, "250-relay.test\r\n250 SIZE 7\r\n", c.say("EHLO x"))
	require.Equal(t, "503", c.say("STARTTLS")[:3])
	c.say("QUIT")
	c.close()
	s := srv.Session(t)
	require.Equal(t, ClientQuit, s.End)
	require.Equal(t, "relay.test", s.ServerName)
	require.Equal(t, uint16(tls.VersionTLS13), s.TLS.Version)
	require.NoError(t, s.TLSError)
	require.False(t, s.Lines[1].TLS)
	require.True(t, s.Lines[2].TLS)
}

func TestTLS_Implicit(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("test")
	srv := Start(t, Script{TLS: certs.ServerUpTo(tls.VersionTLS11, ca.Issue(certs.For("relay.test"))), ImplicitTLS: true})
	c := dial(t, srv)
	require.Equal(t, uint16(tls.VersionTLS11), c.startTLS(trusting(ca)).Version)
	require.Equal(t, "220", c.reply()[:3])

	modern := trusting(ca)
	modern.MinVersion = tls.VersionTLS12
	refusing := dial(t, srv)
	require.ErrorContains(t, tls.Client(refusing.conn, modern).Handshake(), "protocol version")
	refusing.close()
	c.close()
	require.Error(t, srv.Wait(t, 2)[1].TLSError)
}

func TestTLS_InjectedBytes(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("test")
	srv := Start(t, Script{TLS: certs.Server(ca.Issue(certs.For("relay.test"))), StartTLS: Say("220 go", "250 evil")})
	c := dial(t, srv)
	c.reply()
	require.Equal(t, "220 go\r\n", c.say("STARTTLS"))
	require.Equal(t, len("250 evil\r\n"), c.in.Buffered())
	c.close()
	require.ErrorContains(t, srv.Session(t).TLSError, "EOF", "the handshake fails")
}

func TestTLS_HandshakeStep(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("test")
	server := certs.Server(ca.Issue(certs.For("relay.test")))
	closing := Start(t, Script{TLS: server, ImplicitTLS: true, Handshake: Then(Pause(1), Healthy(), HalfClose())})
	c := dial(t, closing)
	c.startTLS(trusting(ca))
	rest, err := c.rest()
	require.NoError(t, err)
	require.Empty(t, rest)

	replying := Start(t, Script{TLS: server, Handshake: Say("554 no")})
	c = dial(t, replying)
	c.reply()
	c.say("STARTTLS")
	require.Equal(t, "554 no\r\n", c.reply())

	closed := Start(t, Script{TLS: server, StartTLS: Then(Healthy(), Close())})
	c = dial(t, closed)
	c.reply()
	c.say("STARTTLS")
	rest, err = c.rest()
	require.NoError(t, err)
	require.Empty(t, rest)
}

func TestTLS_ClientCertificate(t *testing.T) {
	t.Parallel()
	ca := certs.NewAuthority("test")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			server := ca.DemandClient(certs.ServerUpTo(version, ca.Issue(certs.For("relay.test"))))
			srv := Start(t, Script{TLS: server, ImplicitTLS: true})

			without := tls.Client(dial(t, srv).conn, trusting(ca))
			_, err := without.Read(make([]byte, 1))
			require.ErrorContains(t, err, "remote error")
			_ = without.Close()

			config := trusting(ca)
			config.Certificates = []tls.Certificate{ca.Issue(certs.Client("probe"))}
			c := dial(t, srv)
			c.startTLS(config)
			c.reply()
			c.close()
			sessions := srv.Wait(t, 2)
			require.ErrorContains(t, sessions[0].TLSError, "certificate")
			require.Equal(t, RelayEnded, sessions[0].End)
			require.Equal(t, "relay.test", sessions[0].ServerName)
			require.Equal(t, "probe", sessions[1].TLS.PeerCertificates[0].Subject.CommonName)
		})
	}
}

func TestTLS_UntrustedRelay(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{TLS: certs.Server(certs.SelfSigned(certs.For("relay.test"))), ImplicitTLS: true})
	c := dial(t, srv)
	require.Error(t, tls.Client(c.conn, trusting(certs.NewAuthority("other"))).Handshake())
	c.close()
	s := srv.Session(t)
	require.ErrorContains(t, s.TLSError, "remote error")
	require.Equal(t, ClientClosed, s.End)
	require.Nil(t, s.TLS)
}

func TestTLS_PlaintextRelay(t *testing.T) {
	t.Parallel()
	srv := Start(t, Script{})
	var header tls.RecordHeaderError
	require.ErrorAs(t, tls.Client(dial(t, srv).conn, trusting(certs.NewAuthority("x"))).Handshake(), &header)
	require.Equal(t, "220 r", string(header.RecordHeader[:]))
}
