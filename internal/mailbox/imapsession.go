package mailbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mask"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// imapSession is a session with an IMAP server.
type imapSession struct {
	box  *IMAP
	raw  net.Conn    // without TLS
	stop func() bool // stops watching the context

	tls    tls.ConnectionState
	conn   *imapConn
	client *imapclient.Client // nil before the TLS handshake

	exchanging bool // an AUTHENTICATE exchange did not end, so that LOGOUT is impossible
}

// connect opens an encrypted session and reads the greeting. Errors are classified.
func (m *IMAP) connect(ctx context.Context) (*imapSession, error) {
	dialer := m.Dialer
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	raw, err := dialer.DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, classify(smtperr.PhaseConnect, err)
	}
	s := &imapSession{box: m, raw: raw, stop: context.AfterFunc(ctx, func() { raw.Close() })}
	if m.StartTLS {
		err = s.startTLS(ctx)
	} else {
		err = s.implicitTLS(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (m *IMAP) tlsConfig() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.TLS != nil {
		config = m.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = m.Source()
	}
	if config.NextProtos == nil {
		config.NextProtos = []string{"imap"}
	}
	return config
}

// implicitTLS opens a session on a port with implicit TLS (RFC 8314).
func (s *imapSession) implicitTLS(ctx context.Context) error {
	conn, err := s.handshake(ctx)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(conn, maxStatusLine)
	greeting, err := readGreeting(ctx, r)
	if err != nil {
		return err
	}
	return s.start(ctx, conn, io.MultiReader(strings.NewReader(greeting.line), r))
}

// handshake negotiates TLS.
func (s *imapSession) handshake(ctx context.Context) (*tls.Conn, error) {
	conn := tls.Client(s.raw, s.box.tlsConfig())
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, inTime(ctx, smtperr.PhaseTLS, err)
	}
	s.tls = conn.ConnectionState()
	return conn, nil
}

// start starts the IMAP client. The input begins with a greeting.
func (s *imapSession) start(ctx context.Context, conn *tls.Conn, input io.Reader) error {
	deadline, _ := ctx.Deadline()
	s.conn = &imapConn{Conn: conn, input: input, deadline: deadline}
	s.client = imapclient.New(s.conn, nil)
	return s.classify(ctx, smtperr.PhaseGreeting, s.client.WaitGreeting())
}

// classify classifies the error of a command. An error of the connection takes
// precedence over the error of the library, which may have no type.
func (s *imapSession) classify(ctx context.Context, phase smtperr.Phase, err error) error {
	if err == nil {
		return nil
	}
	_, refused := errors.AsType[*imap.Error](err)
	if failure := s.conn.failure(); failure != nil && !refused {
		err = failure
	}
	return inTime(ctx, phase, err)
}

// login authenticates with the same mechanisms as for relays. If the server offers
// none of them, it uses the command LOGIN.
func (s *imapSession) login(ctx context.Context) error {
	if s.box.Credentials == nil || s.client.State() == imap.ConnStateAuthenticated {
		return nil
	}
	credentials, err := s.box.Credentials(ctx)
	if err != nil {
		return atLogin(classify(smtperr.PhaseAuth, err))
	}
	host, port, _ := net.SplitHostPort(s.box.Address) //nolint:errcheck // it was dialed
	credentials.Host = host
	credentials.Port, _ = strconv.Atoi(port) //nolint:errcheck // as above
	caps := s.client.Caps()
	if caps == nil {
		return s.classify(ctx, smtperr.PhaseGreeting, errors.New("the server sent no capabilities"))
	}
	mechanism, err := sasl.Choose(caps.AuthMechanisms(), s.box.Mechanism, credentials, &s.tls)
	switch {
	case err == nil:
		err = s.client.Authenticate(saslClient{mechanism, ctx})
		if _, refused := errors.AsType[*imap.Error](err); err != nil && !refused {
			s.exchanging = true
		} else if err == nil {
			err = mechanism.Verified()
		}
	case errors.Is(err, smtperr.ErrNotSupported) && credentials.Password != "" && s.box.Mechanism == "" && !caps.Has(imap.CapLoginDisabled):
		err = s.client.Login(credentials.Username, credentials.Password).Wait()
	default:
		return atLogin(err)
	}
	return s.classify(ctx, smtperr.PhaseAuth, masked(err, &credentials))
}

// masked returns a refusal without the credentials that the server repeated.
func masked(err error, c *sasl.Credentials) error {
	refused, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return err
	}
	secrets := new(mask.Secrets)
	secrets.Add(c.Password, c.Token)
	secrets.AddUser(c.Username)
	own := *refused
	own.Text = secrets.Mask([]string{own.Text}, true)[0]
	return &own
}

// atLogin changes the phase of an error about unusable credentials from config to
// auth.
func atLogin(err error) error {
	e, ok := errors.AsType[*smtperr.Error](err)
	if !ok || e.Phase != smtperr.PhaseConfig {
		return err
	}
	moved := *e
	moved.Phase = smtperr.PhaseAuth
	return &moved
}

// saslClient adapts a mechanism to the IMAP library.
type saslClient struct {
	sasl.Client
	ctx context.Context //nolint:containedctx // the library's interface has none
}

// Next returns the response to a challenge.
func (c saslClient) Next(challenge []byte) ([]byte, error) { return c.Client.Next(c.ctx, challenge) }

// Start returns the initial response, or nil if the server sends the first
// challenge.
func (c saslClient) Start() (mechanism string, initial []byte, err error) {
	initial, has, err := c.Client.Start()
	if !has {
		initial = nil
	} else if initial == nil {
		initial = make([]byte, 0)
	}
	return c.Name(), initial, err
}

// close ends the session, with LOGOUT if the connection still works. It ignores
// errors, because the scan is over.
func (s *imapSession) close() {
	if s.client != nil {
		if s.conn.failure() == nil && !s.exchanging && s.client.State() != imap.ConnStateLogout {
			_ = s.client.Logout().Wait() //nolint:errcheck // see above
		}
		s.client.Close()
	}
	s.stop()
	s.raw.Close()
}
