package mailbox_test

import (
	"bytes"
	"context"
	"crypto/tls"
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
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/smtptest/certs"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// transcript records the sessions of a server.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// take returns the transcript since the last call.
func (s *transcript) take() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.b.Reset()
	return s.b.String()
}

// imapServer is an IMAP server with one user.
type imapServer struct {
	t          *testing.T
	user       *imapmemserver.User
	transcript *transcript
	address    string
	serving    *tls.Config
	roots      *tls.Config
}

func newIMAPServer(t *testing.T, implicit string, caps ...imap.Cap) *imapServer {
	t.Helper()
	serving, roots := certificates(t)
	s := &imapServer{t: t, user: imapmemserver.NewUser("user", "password"), transcript: &transcript{}, serving: serving, roots: roots}
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
		Caps: set, TLSConfig: serving, DebugWriter: s.transcript, Logger: log.New(io.Discard, "", 0),
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

func TestIMAP_Scan(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	require.NoError(t, s.user.Create("Junk", nil))
	h := newHarness(t, s.box())
	one, two, three := h.send(), h.send(), h.send()
	s.deliver("INBOX", message(one, 1))
	s.deliver("INBOX", foreign)
	s.deliver("Junk", message(two, 1))
	s.deliver("INBOX", bounce(three))
	s.transcript.take()
	r := h.scan()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 3, r.Ours)
	require.Equal(t, 1, r.Foreign)
	require.ElementsMatch(t, []string{"arrived inbox", "arrived junk", "bounced none"}, h.states())
	text := s.transcript.take()
	require.Contains(t, text, "EXAMINE")
	require.Contains(t, text, "BODY.PEEK[HEADER]<0.65536>")
	require.Contains(t, text, "LOGOUT")
	for _, command := range []string{"SELECT", "STORE", "EXPUNGE", "CLOSE", "SEARCH HEADER"} {
		require.NotContains(t, text, " "+command, "the mailbox is not modified")
	}

	require.Empty(t, h.scanned())
	require.NotContains(t, s.transcript.take(), "FETCH", "no new messages")
	s.deliver("INBOX", message(one, 2))
	require.Equal(t, []string{"duplicate inbox"}, h.scanned())
}

func TestIMAP_StartTLS(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, "")
	box := s.box()
	box.StartTLS = true
	h := newHarness(t, box)
	s.deliver("INBOX", message(h.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, h.scanned())
}

// tokenSession is a session of a server that supports only OAUTHBEARER.
type tokenSession struct {
	*imapmemserver.UserSession
	user *imapmemserver.User
}

func (*tokenSession) AuthenticateMechanisms() []string { return []string{"OAUTHBEARER"} }

func (s *tokenSession) Authenticate(string) (gosasl.Server, error) {
	return imapSASLServer{gosasl.NewOAuthBearerServer(func(o gosasl.OAuthBearerOptions) *gosasl.OAuthBearerError {
		if o.Username != "user" || o.Token != "token" {
			return &gosasl.OAuthBearerError{Status: "invalid_token"}
		}
		s.UserSession = imapmemserver.NewUserSession(s.user)
		return nil
	})}, nil
}

// imapSASLServer returns the error of a SASL server as an IMAP error.
type imapSASLServer struct{ gosasl.Server }

func (s imapSASLServer) Next(response []byte) (challenge []byte, done bool, err error) {
	challenge, done, err = s.Server.Next(response)
	if err != nil {
		err = imapserver.ErrAuthFailed
	}
	return challenge, done, err
}

func (*tokenSession) Login(_, _ string) error { return imapserver.ErrAuthFailed }

func TestIMAP_OAuth2(t *testing.T) {
	t.Parallel()
	serving, roots := certificates(t)
	user := imapmemserver.NewUser("user", "")
	require.NoError(t, user.Create("INBOX", nil))
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &tokenSession{user: user}, nil, nil
		},
		Logger: log.New(io.Discard, "", 0),
	})
	l, err := tls.Listen("tcp", "127.0.0.1:0", serving)
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }() //nolint:errcheck // it ends when the test closes it
	t.Cleanup(func() { _ = server.Close() })

	token := "token"
	h := newHarness(t, &mailbox.IMAP{
		Address: l.Addr().String(), TLS: roots, Folders: mailbox.DefaultFolders(),
		Credentials: func(context.Context) (sasl.Credentials, error) {
			return sasl.Credentials{Username: "user", Token: token}, nil
		},
	})
	h.scanned()
	token = "expired"
	requireError(t, h.scan().Err, smtperr.ClassAuthFailed, smtperr.ReasonAuthCredentialsInvalid, smtperr.PhaseAuth)
}

func TestIMAP_Restart(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	s.deliver("INBOX", message(h.send(), 1))
	require.Equal(t, []string{"arrived inbox"}, h.scanned())
	h.ledger.Arrivals()
	require.NoError(t, h.ledger.Save())
	s.transcript.take()
	h.restart()
	require.Empty(t, h.scanned())
	require.NotContains(t, s.transcript.take(), "FETCH", "the position survives a restart")
}

func TestIMAP_UIDValidity(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	one, two := h.send(), h.send()
	delivered := message(one, 1)
	s.deliver("INBOX", delivered)
	require.Equal(t, []string{"arrived inbox"}, h.scanned())

	// The folder is created again: other UIDs, the same message and a new one.
	require.NoError(t, s.user.Delete("INBOX"))
	require.NoError(t, s.user.Create("INBOX", nil))
	s.deliver("INBOX", delivered)
	s.deliver("INBOX", message(two, 1))
	require.Equal(t, []string{"arrived inbox"}, h.scanned(), "the first message is settled")
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
			h := newHarness(t, box)
			one, two := h.send(), h.send()
			s.deliver("INBOX", message(one, 1))
			s.deliver("INBOX", foreign)
			s.deliver("INBOX", foreign, imap.FlagDeleted) // by another client
			s.deliver("INBOX", message(forged(one), 1))
			s.deliver("INBOX", "X-Smtpprobe-Id: garbage\r\n\r\n")
			s.deliver("INBOX", bounce(two))

			h.store.full = true
			require.Error(t, h.scan().Store)
			require.Equal(t, 6, s.count("INBOX"), "not settled on disk")
			h.store.full = false
			s.transcript.take()
			h.scanned()
			require.Equal(t, tt.left, s.count("INBOX"))
			text := s.transcript.take()
			require.NotContains(t, text, " CLOSE")
			require.NotRegexp(t, `T\d+ EXPUNGE`, text, "EXPUNGE also removes messages that other clients have marked")
			require.Equal(t, tt.warn != "", len(warnings) == 1)
			s.deliver("INBOX", message(one, 2))
			h.scanned()
			require.LessOrEqual(t, len(warnings), 1, "one warning")
		})
	}
}

func TestIMAP_MaxMessages(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	signed := h.send()
	for range 1200 {
		s.deliver("INBOX", foreign)
	}
	s.deliver("INBOX", message(signed, 1))
	for _, want := range []int{500, 500} {
		r := h.scan()
		require.NoError(t, r.Err)
		require.Equal(t, want, r.Foreign)
		require.False(t, r.Complete)
	}
	h.elapsed = time.Hour
	require.Empty(t, h.states(), "an incomplete scan")
	require.Equal(t, []string{"arrived inbox"}, withoutLate(h.scanned()))
}

func TestIMAP_Since(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	for range 5000 {
		s.deliverAt(time.Now().Add(-72*time.Hour), "INBOX", foreign)
	}
	s.deliver("INBOX", message(h.send(), 1))
	r := h.scan()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Zero(t, r.Foreign, "older than the oldest message in flight")
	require.Equal(t, []string{"arrived inbox"}, h.states())
	require.Contains(t, s.transcript.take(), "SINCE")
	for range 10 {
		s.deliver("INBOX", foreign)
	}
	require.Equal(t, 10, h.scan().Foreign)
	require.NotContains(t, s.transcript.take(), "SINCE")
}

// withoutLate replaces the state late with arrived.
func withoutLate(states []string) []string {
	for i := range states {
		states[i] = strings.Replace(states[i], "late", "arrived", 1)
	}
	return states
}

func TestIMAP_HostileMessages(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	s.deliver("INBOX", "Subject: "+strings.Repeat("a", 10<<20)+"\r\n\r\n")
	s.deliver("INBOX", strings.Repeat("X-A: b\r\n", 100000)+"\r\n")
	s.deliver("INBOX", "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
		strings.Repeat("--b\r\n\r\nx\r\n", 100000))
	s.deliver("INBOX", "Date: not a date\r\n\r\n")
	s.deliver("INBOX", message(h.send(), 1))
	r := h.scan()
	require.NoError(t, r.Err)
	require.True(t, r.Complete)
	require.Equal(t, 4, r.Foreign)
	require.Equal(t, []string{"arrived inbox"}, h.states())
}

func TestIMAP_Lost(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	signed := h.send()
	require.Empty(t, h.scanned())
	h.elapsed = 16 * time.Minute
	require.Equal(t, []string{"lost none"}, h.scanned())
	s.deliver("INBOX", message(signed, 1))
	require.Equal(t, []string{"found inbox"}, h.scanned())
}

func TestIMAP_MissingFolder(t *testing.T) {
	t.Parallel()
	s := newIMAPServer(t, implicit)
	box := s.box()
	h := newHarness(t, box)
	box.Folders = mailbox.NewFolders([]string{"Nowhere", "INBOX"})
	s.deliver("INBOX", message(h.send(), 1))
	h.send()
	h.elapsed = time.Hour
	r := h.scan()
	requireError(t, r.Err, smtperr.ClassResponseError, smtperr.ReasonNotFound, smtperr.PhaseMailbox)
	require.False(t, r.Complete)
	require.Contains(t, s.transcript.take(), "LOGOUT")
	require.Equal(t, []string{"arrived other"}, withoutLate(h.states()), "no message is lost")
}

func TestIMAP_CPUTime(t *testing.T) {
	s := newIMAPServer(t, implicit)
	h := newHarness(t, s.box())
	for i := range 1000 {
		signed := h.send()
		if i < 400 {
			s.deliver("INBOX", message(signed, i))
		}
	}
	s.transcript.take()
	before := cpuTime(t)
	require.Len(t, h.scanned(), 400)
	took := cpuTime(t) - before
	require.Equal(t, 600, h.inFlight())
	require.Equal(t, 1, strings.Count(s.transcript.take(), "IMAP server ready"), "one session")
	t.Logf("CPU time of the scan and of the server: %v", took)
	require.Less(t, took, 2*time.Second) // a generous limit for slow machines
}

func TestIMAP_SpecialUse(t *testing.T) {
	t.Parallel()
	serving, roots := certificates(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	responses := []struct{ command, response string }{
		{command: "LIST (SPECIAL-USE)", response: "* LIST (\\Junk) \"/\" \"Bulk\"\r\n"},
		{command: "EXAMINE INBOX", response: "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n"},
		{command: "EXAMINE Bulk", response: "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n"},
		{command: "LOGOUT", response: "* BYE x\r\n"},
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
			for _, r := range responses {
				if strings.HasPrefix(strings.ReplaceAll(command, `"`, ""), strings.ReplaceAll(r.command, `"`, "")) {
					fmt.Fprint(c, r.response)
					reply = "OK done"
				}
			}
			fmt.Fprintf(c, "%s %s\r\n", tag, reply)
		}
	}()
	h := newHarness(t, &mailbox.IMAP{Address: l.Addr().String(), TLS: roots, Folders: mailbox.DefaultFolders(), Credentials: login("a", "b")})
	h.scanned()
	var all []string
	for c := range commands {
		all = append(all, strings.ReplaceAll(c, `"`, ""))
	}
	require.Contains(t, all, "EXAMINE Bulk")
	require.Equal(t, "LOGOUT", all[len(all)-1])
}

// certificates returns the TLS configurations of a server at 127.0.0.1 and of its
// clients.
func certificates(t *testing.T) (serving, roots *tls.Config) {
	t.Helper()
	authority := certs.NewAuthority("mailbox test")
	return certs.Server(authority.Issue(certs.For("127.0.0.1"))), &tls.Config{RootCAs: authority.Pool()}
}
