package mailbox_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	gosasl "github.com/emersion/go-sasl"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// transcript is what both sides of a session said.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// take returns what was said since the last call.
func (s *transcript) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}

// imapServer is an IMAP server with one user.
type imapServer struct {
	t       *testing.T
	user    *imapmemserver.User
	said    *transcript
	address string
	serving *tls.Config
	roots   *tls.Config
}

func newIMAPServer(t *testing.T, implicit string, caps ...imap.Cap) *imapServer {
	t.Helper()
	serving, roots := certificates(t)
	s := &imapServer{t: t, user: imapmemserver.NewUser("user", "password"), said: &transcript{}, serving: serving, roots: roots}
	require.NoError(t, s.user.Create("INBOX", nil))
	memory := imapmemserver.New()
	memory.AddUser(s.user)
	set := imap.CapSet{imap.CapIMAP4rev1: {}}
	for _, c := range caps {
		set[c] = struct{}{}
	}
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		Caps: set, TLSConfig: serving, DebugWriter: s.said, Logger: log.New(io.Discard, "", 0),
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = l.Addr().String()
	if implicit != "" {
		l = tls.NewListener(l, serving)
	}
	go func() { _ = server.Serve(l) }() //nolint:errcheck // it ends when the test closes it
	t.Cleanup(func() { _ = server.Close() })
	return s
}

const implicit = "implicit TLS"

func (s *imapServer) box() *mailbox.IMAP {
	return &mailbox.IMAP{
		Address: s.address, TLS: s.roots, Folders: mailbox.DefaultFolders(), Credentials: login("user", "password"),
	}
}

func login(username, password string) func(context.Context) (sasl.Credentials, error) {
	return func(context.Context) (sasl.Credentials, error) {
		return sasl.Credentials{Username: username, Password: password}, nil
	}
}

func (s *imapServer) deliver(folder, content string, flags ...imap.Flag) {
	s.t.Helper()
	s.deliverAt(time.Now(), folder, content, flags...)
}

func (s *imapServer) deliverAt(at time.Time, folder, content string, flags ...imap.Flag) {
	s.t.Helper()
	_, err := s.user.Append(folder, strings.NewReader(content), &imap.AppendOptions{Flags: flags, Time: at})
	require.NoError(s.t, err)
}

// count returns how many messages a folder holds.
func (s *imapServer) count(folder string) int {
	s.t.Helper()
	status, err := s.user.Status(folder, &imap.StatusOptions{NumMessages: true})
	require.NoError(s.t, err)
	return int(*status.NumMessages)
}

func TestIMAP_Look(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	require.NoError(t, s.user.Create("Junk", nil))
	b := newBench(t, s.box())
	one, two, three := b.send(), b.send(), b.send()
	s.deliver("INBOX", message(one, 1))
	s.deliver("INBOX", foreign)
	s.deliver("Junk", message(two, 1))
	s.deliver("INBOX", bounce(three))
	s.said.take()
	r := b.look()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 3, r.Ours)
	require.Equal(t, 1, r.Foreign)
	require.ElementsMatch(t, []string{"arrived inbox", "arrived junk", "bounced none"}, b.states())
	said := s.said.take()
	require.Contains(t, said, "EXAMINE")
	require.Contains(t, said, "BODY.PEEK[HEADER]<0.65536>")
	require.Contains(t, said, "LOGOUT")
	for _, command := range []string{"SELECT", "STORE", "EXPUNGE", "CLOSE", "SEARCH HEADER"} {
		require.NotContains(t, said, " "+command, "the mailbox stays as it is")
	}

	require.Empty(t, b.looked())
	require.NotContains(t, s.said.take(), "FETCH", "nothing is new")
	s.deliver("INBOX", message(one, 2))
	require.Equal(t, []string{"duplicate inbox"}, b.looked())
}

func TestIMAP_StartTLS(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, "")
	box := s.box()
	box.StartTLS = true
	b := newBench(t, box)
	s.deliver("INBOX", message(b.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, b.looked())
}

// bearing is a session that knows access tokens only.
type bearing struct {
	*imapmemserver.UserSession
	user *imapmemserver.User
}

func (*bearing) AuthenticateMechanisms() []string { return []string{"OAUTHBEARER"} }

func (b *bearing) Authenticate(string) (gosasl.Server, error) {
	return refusingServer{gosasl.NewOAuthBearerServer(func(o gosasl.OAuthBearerOptions) *gosasl.OAuthBearerError {
		if o.Username != "user" || o.Token != "token" {
			return &gosasl.OAuthBearerError{Status: "invalid_token"}
		}
		b.UserSession = imapmemserver.NewUserSession(b.user)
		return nil
	})}, nil
}

// refusingServer refuses as IMAP does.
type refusingServer struct{ gosasl.Server }

func (s refusingServer) Next(response []byte) (challenge []byte, done bool, err error) {
	challenge, done, err = s.Server.Next(response)
	if err != nil {
		err = imapserver.ErrAuthFailed
	}
	return challenge, done, err
}

func (*bearing) Login(_, _ string) error { return imapserver.ErrAuthFailed }

func TestIMAP_OAuth2(t *testing.T) {
	t.Parallel()
	serving, roots := certificates(t)
	user := imapmemserver.NewUser("user", "")
	require.NoError(t, user.Create("INBOX", nil))
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &bearing{user: user}, nil, nil
		},
		Logger: log.New(io.Discard, "", 0),
	})
	l, err := tls.Listen("tcp", "127.0.0.1:0", serving)
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }() //nolint:errcheck // it ends when the test closes it
	t.Cleanup(func() { _ = server.Close() })

	token := "token"
	b := newBench(t, &mailbox.IMAP{
		Address: l.Addr().String(), TLS: roots, Folders: mailbox.DefaultFolders(),
		Credentials: func(context.Context) (sasl.Credentials, error) {
			return sasl.Credentials{Username: "user", Token: token}, nil
		},
	})
	b.looked()
	token = "expired"
	requireError(t, b.look().Err, smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth)
}

func TestIMAP_Restart(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	s.deliver("INBOX", message(b.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, b.looked())
	b.ledger.Arrivals()
	require.NoError(t, b.ledger.Save())
	s.said.take()
	b.restart()
	require.Empty(t, b.looked())
	require.NotContains(t, s.said.take(), "FETCH", "the position is kept")
}

func TestIMAP_UIDValidity(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	one, two := b.send(), b.send()
	s.deliver("INBOX", message(one, 1))
	require.Equal(t, []string{"arrived inbox"}, b.looked())

	// The folder is made again: other numbers, the same messages and one more.
	require.NoError(t, s.user.Delete("INBOX"))
	require.NoError(t, s.user.Create("INBOX", nil))
	s.deliver("INBOX", message(one, 1))
	s.deliver("INBOX", message(two, 1))
	require.Equal(t, []string{"arrived inbox"}, b.looked(), "the first is known")
}

func TestIMAP_Delete(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		caps []imap.Cap
		left int
		warn string
	}{
		{name: "with UIDPLUS", caps: []imap.Cap{imap.CapUIDPlus}, left: 4},
		{name: "without UIDPLUS", left: 6, warn: "UIDPLUS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newIMAPServer(t, implicit, tt.caps...)
			box := s.box()
			box.Delete = true
			var warnings []string
			box.Warn = func(text string) { warnings = append(warnings, text) }
			b := newBench(t, box)
			one, two := b.send(), b.send()
			s.deliver("INBOX", message(one, 1))
			s.deliver("INBOX", foreign)
			s.deliver("INBOX", foreign, imap.FlagDeleted) // by another client
			s.deliver("INBOX", message(forged(one), 1))
			s.deliver("INBOX", "X-Smtpprobe-Id: garbage\r\n\r\n")
			s.deliver("INBOX", bounce(two))

			b.store.full = true
			require.Error(t, b.look().Store)
			require.Equal(t, 6, s.count("INBOX"), "nothing is deleted before it is settled on disk")
			b.store.full = false
			s.said.take()
			b.looked()
			require.Equal(t, tt.left, s.count("INBOX"))
			said := s.said.take()
			require.NotContains(t, said, " CLOSE")
			require.NotRegexp(t, `T\d+ EXPUNGE`, said, "a bare EXPUNGE removes what others have marked")
			require.Equal(t, tt.warn != "", len(warnings) == 1)
			s.deliver("INBOX", message(one, 2))
			b.looked()
			require.LessOrEqual(t, len(warnings), 1, "said once")
		})
	}
}

func TestIMAP_Many(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	signed := b.send()
	for range 1200 {
		s.deliver("INBOX", foreign)
	}
	s.deliver("INBOX", message(signed, 1))
	for _, want := range []int{500, 500} {
		r := b.look()
		require.NoError(t, r.Err)
		require.Equal(t, want, r.Foreign)
		require.False(t, r.Complete)
	}
	b.skipped = time.Hour
	require.Empty(t, b.states(), "an incomplete look loses nothing")
	require.Equal(t, []string{"arrived inbox"}, onlyState(b.looked()))
}

func TestIMAP_Old(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	for range 5000 {
		s.deliverAt(time.Now().Add(-72*time.Hour), "INBOX", foreign)
	}
	s.deliver("INBOX", message(b.send(), 1))
	r := b.look()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Zero(t, r.Foreign, "messages from before the oldest one in flight")
	require.Equal(t, []string{"arrived inbox"}, b.states())
	require.Contains(t, s.said.take(), "SINCE")
	for range 10 {
		s.deliver("INBOX", foreign)
	}
	require.Equal(t, 10, b.look().Foreign)
	require.NotContains(t, s.said.take(), "SINCE")
}

// onlyState drops how late a message was.
func onlyState(states []string) []string {
	for i := range states {
		states[i] = strings.Replace(states[i], "late", "arrived", 1)
	}
	return states
}

func TestIMAP_Hostile(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	s.deliver("INBOX", "Subject: "+strings.Repeat("a", 10<<20)+"\r\n\r\n")
	s.deliver("INBOX", strings.Repeat("X-A: b\r\n", 100000)+"\r\n")
	s.deliver("INBOX", "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
		strings.Repeat("--b\r\n\r\nx\r\n", 100000))
	s.deliver("INBOX", "Date: not a date\r\n\r\n")
	s.deliver("INBOX", message(b.send(), 1))
	r := b.look()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 4, r.Foreign)
	require.Equal(t, []string{"arrived inbox"}, b.states())
}

func TestIMAP_Lost(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	signed := b.send()
	require.Empty(t, b.looked())
	b.skipped = 16 * time.Minute
	require.Equal(t, []string{"lost none"}, b.looked())
	s.deliver("INBOX", message(signed, 1))
	require.Equal(t, []string{"found inbox"}, b.looked())
}

func TestIMAP_MissingFolder(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	box := s.box()
	b := newBench(t, box)
	box.Folders = mailbox.NewFolders([]string{"Nowhere", "INBOX"})
	s.deliver("INBOX", message(b.send(), 1))
	b.send()
	b.skipped = time.Hour
	r := b.look()
	requireError(t, r.Err, smtperr.ClassResponseError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
	require.False(t, r.Complete)
	require.Contains(t, s.said.take(), "LOGOUT")
	require.Equal(t, []string{"arrived other"}, onlyState(b.states()), "and nothing is lost")
}

func TestIMAP_Failures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(t *testing.T, s *imapServer, box *mailbox.IMAP)
		class  smtperr.Class
		reason smtperr.Reason
		phase  smtperr.Phase
	}{
		{
			name:   "wrong password",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) { box.Credentials = login("user", "wrong") },
			class:  smtperr.ClassAuthFailed, reason: smtperr.ReasonAuthCredentialsInvalid, phase: smtperr.PhaseAuth,
		},
		{
			name: "no password",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.Credentials = func(context.Context) (sasl.Credentials, error) {
					return sasl.Credentials{}, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, nil)
				}
			},
			class: smtperr.ClassAuthFailed, reason: smtperr.ReasonTokenRefused, phase: smtperr.PhaseAuth,
		},
		{
			name:   "an unknown authority",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) { box.TLS = nil },
			class:  smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority, phase: smtperr.PhaseTLS,
		},
		{
			name: "an unknown authority, after STARTTLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.Address, box.StartTLS, box.TLS = newIMAPServer(t, "").address, true, nil
			},
			class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority, phase: smtperr.PhaseTLS,
		},
		{
			name:   "nothing listens",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) { box.Address = closedPort(t) },
			class:  smtperr.ClassConnectError, reason: smtperr.ReasonRefused, phase: smtperr.PhaseConnect,
		},
		{
			name: "a name that does not exist",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.Dialer = dialer(func() error { return &net.DNSError{Err: "no such host", Name: "imap.invalid", IsNotFound: true} })
			},
			class: smtperr.ClassDNSNotFound, reason: smtperr.ReasonNotFound, phase: smtperr.PhaseDNS,
		},
		{
			name: "BYE as greeting",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				scripted(t, box, "* BYE [UNAVAILABLE] down for maintenance\r\n")
			},
			class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonAccessDenied, phase: smtperr.PhaseGreeting,
		},
		{
			name:   "another protocol",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) { scripted(t, box, "220 mail ESMTP\r\n") },
			class:  smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseGreeting,
		},
		{
			name:   "a greeting that does not come",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) { scripted(t, box, "") },
			class:  smtperr.ClassDisconnected, reason: smtperr.ReasonClosed, phase: smtperr.PhaseGreeting,
		},
		{
			name: "STARTTLS is not offered",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* OK [CAPABILITY IMAP4rev1] ready\r\n", "T0 BAD unknown command\r\n")
			},
			class: smtperr.ClassNotSupported, reason: smtperr.ReasonStartTLSNotOffered, phase: smtperr.PhaseTLS,
		},
		{
			name: "STARTTLS refused",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\nT0 NO [UNAVAILABLE] not now\r\n")
			},
			class: smtperr.ClassStartTLSRefused, reason: smtperr.ReasonTLSUnavailable, phase: smtperr.PhaseTLS,
		},
		{
			name: "BYE before STARTTLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* BYE [UNAVAILABLE] down\r\n")
			},
			class: smtperr.ClassGreetingRefused, reason: smtperr.ReasonAccessDenied, phase: smtperr.PhaseGreeting,
		},
		{
			name: "PREAUTH in cleartext",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* PREAUTH ready\r\n")
			},
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseTLS,
		},
		{
			name: "data injected before TLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* OK ready\r\n", "T0 OK go ahead\r\n* CAPABILITY AUTH=PLAIN\r\n")
			},
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonStartTLSInjection, phase: smtperr.PhaseTLS,
		},
		{
			name: "long line in cleartext",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* OK "+strings.Repeat("a", 10_000)+"\r\n")
			},
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonLineTooLong, phase: smtperr.PhaseGreeting,
		},
		{
			name: "another protocol before STARTTLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "220 mail ESMTP\r\n")
			},
			class: smtperr.ClassProtocolError, reason: smtperr.ReasonBadCode, phase: smtperr.PhaseGreeting,
		},
		{
			name: "closed before the reply to STARTTLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.StartTLS = true
				scripted(t, box, "* OK ready\r\n", "")
			},
			class: smtperr.ClassTLSError, reason: smtperr.ReasonClosed, phase: smtperr.PhaseTLS,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newIMAPServer(t, implicit)
			box := s.box()
			tt.change(t, s, box)
			b := newBench(t, box)
			b.send()
			b.skipped = time.Hour
			r := b.look()
			requireError(t, r.Err, tt.class, tt.reason, tt.phase)
			require.False(t, r.Complete)
			require.Empty(t, b.states(), "a look that failed decides nothing")
			require.NotContains(t, r.Err.Error(), "password")
		})
	}
}

// dialer fails.
type dialer func() error

func (d dialer) DialContext(_ context.Context, _, _ string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: d()}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// scripted lets box talk to a server that says each of the lines after it has
// read something, the first at once, and then closes.
func scripted(t *testing.T, box *mailbox.IMAP, lines ...string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	box.Address = l.Addr().String()
	serving, roots := certificates(t)
	box.TLS = roots
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if !box.StartTLS {
			c = tls.Server(c, serving)
		}
		for i, line := range lines {
			if i > 0 {
				_, _ = c.Read(make([]byte, 4096)) //nolint:errcheck // the client may have left
			}
			fmt.Fprint(c, line)
		}
		if len(lines) == 1 && lines[0] != "" {
			_, _ = c.Read(make([]byte, 4096)) //nolint:errcheck // the client may have left
		} else if !box.StartTLS {
			_ = c.(*tls.Conn).Handshake() //nolint:errcheck // the client may have left
		}
	}()
}

func TestIMAP_Silence(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	_, roots := certificates(t)
	for _, startTLS := range []bool{false, true} {
		b := newBench(t, &mailbox.IMAP{Address: l.Addr().String(), TLS: roots, StartTLS: startTLS, Folders: mailbox.DefaultFolders()})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		r := b.watcher.Look(ctx)
		cancel()
		require.Less(t, time.Since(start), 5*time.Second)
		e, ok := errors.AsType[*smtperr.Error](r.Err)
		require.True(t, ok)
		require.True(t, e.Timeout(), "%v", r.Err)
	}
}

// cuttingDialer gives connections that end after so many bytes.
type cuttingDialer struct{ most int }

func (d *cuttingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &cutConn{Conn: c, left: d.most}, err
}

type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		c.Close()
		return 0, io.EOF
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

func TestIMAP_DroppedConnection(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit, imap.CapUIDPlus)
	box := s.box()
	box.Delete = true
	b := newBench(t, box)
	for i := range 120 {
		s.deliver("INBOX", message(b.send(), i))
		s.deliver("INBOX", foreign)
	}
	failed := 0
	for most := 2000; b.inFlight() > 0; most += 6000 {
		require.Less(t, most, 500_000)
		box.Dialer = &cuttingDialer{most: most}
		r := b.look()
		if r.Err != nil {
			failed++
			require.False(t, r.Complete)
		}
	}
	require.Positive(t, failed)
	box.Dialer = nil
	b.looked()
	require.Equal(t, mailflow.Counters{Sent: 120, Arrived: 120}, b.ledger.Flows()[0].Counters, "each counted once")
	require.Equal(t, 120, s.count("INBOX"), "ours are deleted, the others are there")
}

// slowDialer gives connections that take their time for each answer.
type slowDialer struct{ pause time.Duration }

func (d slowDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return slowConn{c, d.pause}, err
}

type slowConn struct {
	net.Conn
	pause time.Duration
}

func (c slowConn) Write(b []byte) (int, error) {
	time.Sleep(c.pause)
	return c.Conn.Write(b)
}

func TestIMAP_SlowServer(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit, imap.CapUIDPlus)
	box := s.box()
	box.Dialer, box.Delete = slowDialer{20 * time.Millisecond}, true
	b := newBench(t, box)
	signed := b.send()
	for range 450 {
		s.deliver("INBOX", foreign)
	}
	s.deliver("INBOX", message(signed, 1))
	for looks := 1; b.inFlight() > 0; looks++ {
		require.Less(t, looks, 100, "each look gets further")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		b.watcher.Look(ctx)
		cancel()
	}
	require.Equal(t, []string{"arrived inbox"}, b.states())
}

func TestIMAP_ThousandInFlight(t *testing.T) {
	s := newIMAPServer(t, implicit)
	b := newBench(t, s.box())
	for i := range 1000 {
		signed := b.send()
		if i < 400 {
			s.deliver("INBOX", message(signed, i))
		}
	}
	s.said.take()
	before := cpuTime(t)
	require.Len(t, b.looked(), 400)
	took := cpuTime(t) - before
	require.Equal(t, 600, b.inFlight())
	require.Equal(t, 1, strings.Count(s.said.take(), "IMAP server ready"), "one session")
	t.Logf("CPU time of the look, with that of the server: %v", took)
	require.Less(t, took, 2*time.Second) // of any machine under any load
}

func TestIMAP_SpecialUse(t *testing.T) {
	t.Parallel()
	serving, roots := certificates(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	answers := []struct{ command, answer string }{
		{command: "LIST (SPECIAL-USE)", answer: "* LIST (\\Junk) \"/\" \"Bulk\"\r\n"},
		{command: "EXAMINE INBOX", answer: "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n"},
		{command: "EXAMINE Bulk", answer: "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n"},
		{command: "LOGOUT", answer: "* BYE x\r\n"},
	}
	commands := make(chan string, 20)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c = tls.Server(c, serving)
		defer c.Close()
		fmt.Fprint(c, "* PREAUTH [CAPABILITY IMAP4rev1 SPECIAL-USE LIST-EXTENDED] ready\r\n")
		buffer := make([]byte, 4096)
		for {
			n, err := c.Read(buffer)
			if err != nil {
				close(commands)
				return
			}
			tag, command, _ := strings.Cut(strings.TrimSpace(string(buffer[:n])), " ")
			commands <- command
			reply := "NO [NONEXISTENT] unknown folder"
			for _, a := range answers {
				if strings.HasPrefix(strings.ReplaceAll(command, `"`, ""), strings.ReplaceAll(a.command, `"`, "")) {
					fmt.Fprint(c, a.answer)
					reply = "OK done"
				}
			}
			fmt.Fprintf(c, "%s %s\r\n", tag, reply)
		}
	}()
	b := newBench(t, &mailbox.IMAP{Address: l.Addr().String(), TLS: roots, Folders: mailbox.DefaultFolders(), Credentials: login("a", "b")})
	b.looked()
	var all []string
	for c := range commands {
		all = append(all, strings.ReplaceAll(c, `"`, ""))
	}
	require.Contains(t, all, "EXAMINE Bulk")
	require.Equal(t, "LOGOUT", all[len(all)-1])
}

// certificates returns the two sides of TLS with a server at 127.0.0.1.
func certificates(t *testing.T) (serving, roots *tls.Config) {
	t.Helper()
	authority := certs.NewAuthority("mailbox test")
	return certs.Server(authority.Issue(certs.For("127.0.0.1"))), &tls.Config{RootCAs: authority.Pool()}
}
