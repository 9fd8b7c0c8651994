package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// imapSession is one session with an IMAP server.
type imapSession struct {
	box    *IMAP
	client *imapclient.Client
	conn   *boundedConn
	tls    *tls.Conn   // nil after STARTTLS, which the library negotiates
	stop   func() bool // stops watching the context

	exchanging bool // the server waits for the rest of an AUTHENTICATE
}

// connect opens an encrypted session and reads the greeting. Its errors are
// classified.
func (m *IMAP) connect(ctx context.Context) (*imapSession, error) {
	dialer := m.Dialer
	if dialer == nil {
		dialer = &net.Dialer{}
	}
	raw, err := dialer.DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, classify(smtperr.PhaseConnect, err)
	}
	deadline, _ := ctx.Deadline()
	conn, err := bound(raw, deadline)
	if err != nil {
		raw.Close()
		return nil, classify(smtperr.PhaseConnect, err)
	}
	s := &imapSession{box: m, conn: conn, stop: context.AfterFunc(ctx, func() { raw.Close() })}
	if m.StartTLS {
		err = s.startTLS(ctx)
	} else {
		err = s.handshake(ctx)
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

// handshake starts TLS on a port with implicit TLS (RFC 8314).
func (s *imapSession) handshake(ctx context.Context) error {
	s.tls = tls.Client(s.conn, s.box.tlsConfig())
	if err := s.tls.HandshakeContext(ctx); err != nil {
		return notInTime(ctx, smtperr.PhaseTLS, err)
	}
	s.client = imapclient.New(s.tls, nil)
	if err := s.client.WaitGreeting(); err != nil {
		return s.classify(ctx, smtperr.PhaseGreeting, err)
	}
	return nil
}

// startTLS is for a port with STARTTLS. The library sends it after any
// greeting; a server that has sent nothing failed before that.
func (s *imapSession) startTLS(ctx context.Context) error {
	client, err := imapclient.NewStartTLS(s.conn, &imapclient.Options{TLSConfig: s.box.tlsConfig()})
	if err == nil {
		s.client = client
		return nil
	}
	refused, isRefusal := errors.AsType[*imap.Error](err)
	switch {
	case !s.conn.received(), isRefusal && refused.Type == imap.StatusResponseTypeBye:
		return s.classify(ctx, smtperr.PhaseGreeting, err)
	case isRefusal && refused.Type == imap.StatusResponseTypeBad:
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, smtperr.PhaseTLS, refused)
	}
	return s.classify(ctx, smtperr.PhaseTLS, err)
}

// classify classifies the error of a command. An error of the connection takes
// precedence over the library's error.
func (s *imapSession) classify(ctx context.Context, phase smtperr.Phase, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*imap.Error](err); ok {
		return classify(phase, err)
	}
	if _, ok := errors.AsType[*smtperr.Error](err); ok {
		return err
	}
	if failure := s.conn.failure(); failure != nil {
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			err = failure
		}
	}
	if errors.Is(err, errTooMuch) {
		return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonReplyTooLong, phase, err)
	}
	return notInTime(ctx, phase, err)
}

// login authenticates with the mechanisms that are used for relays.
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
	var state *tls.ConnectionState
	if s.tls != nil {
		now := s.tls.ConnectionState()
		state = &now
	}
	mechanism, err := sasl.Choose(caps.AuthMechanisms(), s.box.Mechanism, credentials, state)
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
	return s.classify(ctx, smtperr.PhaseAuth, masked(err, credentials.Password, credentials.Token))
}

// masked returns a refusal with the secrets masked that the server repeated.
func masked(err error, secrets ...string) error {
	refused, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return err
	}
	shown := *refused
	for _, secret := range secrets {
		if secret != "" {
			shown.Text = strings.ReplaceAll(shown.Text, secret, "***")
		}
	}
	return &shown
}

// atLogin moves the error of unusable credentials to the phase that needs
// them.
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

// Next answers a challenge.
func (c saslClient) Next(challenge []byte) ([]byte, error) { return c.Client.Next(c.ctx, challenge) }

// Start returns the initial response, nil if the server sends the first
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

// folders returns the folders to look into: those of the configuration, and
// those that the server marks as junk (RFC 6154).
func (s *imapSession) folders() []Folder {
	folders := kinds(s.box.Folders)
	caps := s.client.Caps()
	if !caps.Has(imap.CapSpecialUse) {
		return folders
	}
	list, err := s.client.List("", "*", &imap.ListOptions{SelectSpecialUse: true}).Collect()
	if err != nil {
		return folders // a permanent failure shows in the next command
	}
	return withJunk(folders, list)
}

func withJunk(folders []Folder, list []*imap.ListData) []Folder {
	for _, data := range list {
		if !slices.Contains(data.Attrs, imap.MailboxAttrJunk) {
			continue
		}
		i := slices.IndexFunc(folders, func(f Folder) bool { return f.Name == data.Mailbox })
		switch {
		case i > 0:
			folders[i].kind = junk
		case i < 0 && len(folders) < maxFolders:
			folders = append(folders, Folder{Name: data.Mailbox, Optional: true, kind: junk})
		}
	}
	return folders
}

// close ends the session, with LOGOUT if the connection still works. Its
// errors are ignored, because the work is done.
func (s *imapSession) close() {
	if s.client != nil {
		if s.conn.failure() == nil && !s.exchanging && s.client.State() != imap.ConnStateLogout {
			_ = s.client.Logout().Wait() //nolint:errcheck // see above
		}
		s.client.Close()
	}
	s.stop()
	s.conn.Close()
}
