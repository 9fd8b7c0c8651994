package smtptest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// handshake performs the TLS handshake.
func (c *Conn) handshake() error {
	if c.script.TLS == nil {
		return Silence()(c)
	}
	t := tls.Server(&buffered{Conn: c.wire, in: c.in}, c.watchServerName(c.script.TLS))
	if err := t.Handshake(); err != nil {
		return c.handshakeFailed(err)
	}
	state := t.ConnectionState()
	c.rec.update(func(s *Session) { s.TLS = &state })
	c.conn, c.in = t, bufio.NewReader(t)
	// The dialog starts again (RFC 3207 §4.2).
	c.state = dialog{}
	return nil
}

// handshakeFailed ends the session. It does not simply close the connection, because
// a reset could make the client lose the alert.
func (c *Conn) handshakeFailed(err error) error {
	c.rec.update(func(s *Session) { s.TLSError = err })
	var remote *net.OpError
	if errors.Is(err, io.EOF) || errors.As(err, &remote) && remote.Op == "remote error" {
		return io.EOF
	}
	return c.halfClose()
}

// watchServerName records SNI, even if the handshake fails later.
func (c *Conn) watchServerName(base *tls.Config) *tls.Config {
	config := base.Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c.rec.update(func(s *Session) { s.ServerName = hello.ServerName })
		if base.GetConfigForClient != nil {
			return base.GetConfigForClient(hello)
		}
		return nil, nil //nolint:nilnil // GetConfigForClient's way to keep the configuration
	}
	return config
}

// buffered is a connection whose input is partly in a buffer.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.in.Read(p) }
