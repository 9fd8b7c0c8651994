package mailbox_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailbox"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

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
			name: "token refused",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.Credentials = func(context.Context) (sasl.Credentials, error) {
					return sasl.Credentials{}, smtperr.New(smtperr.ClassAuthFailed, smtperr.ReasonTokenRefused, smtperr.PhaseAuth, nil)
				}
			},
			class: smtperr.ClassAuthFailed, reason: smtperr.ReasonTokenRefused, phase: smtperr.PhaseAuth,
		},
		{
			name:   "unknown authority",
			change: func(_ *testing.T, _ *imapServer, box *mailbox.IMAP) { box.TLS = nil },
			class:  smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority, phase: smtperr.PhaseTLS,
		},
		{
			name: "unknown authority after STARTTLS",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) {
				box.Address, box.StartTLS, box.TLS = newIMAPServer(t, "").address, true, nil
			},
			class: smtperr.ClassTLSVerifyError, reason: smtperr.ReasonUnknownAuthority, phase: smtperr.PhaseTLS,
		},
		{
			name:   "closed port",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) { box.Address = closedPort(t) },
			class:  smtperr.ClassConnectError, reason: smtperr.ReasonRefused, phase: smtperr.PhaseConnect,
		},
		{
			name: "unknown host",
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
			name:   "no greeting",
			change: func(t *testing.T, _ *imapServer, box *mailbox.IMAP) { scripted(t, box, "") },
			class:  smtperr.ClassDisconnected, reason: smtperr.ReasonClosed, phase: smtperr.PhaseGreeting,
		},
		{
			name: "STARTTLS not offered",
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
			h := newHarness(t, box)
			h.send()
			h.elapsed = time.Hour
			r := h.scan()
			requireError(t, r.Err, tt.class, tt.reason, tt.phase)
			require.False(t, r.Complete)
			require.Empty(t, h.states(), "a failed scan decides nothing")
			require.NotContains(t, r.Err.Error(), "password")
		})
	}
}

// dialer returns an error.
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

// scripted starts a server for box that sends the first line as greeting, each other
// line after it has read something, and then closes the connection.
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

func TestIMAP_Timeout(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	_, roots := certificates(t)
	for _, startTLS := range []bool{false, true} {
		h := newHarness(t, &mailbox.IMAP{Address: l.Addr().String(), TLS: roots, StartTLS: startTLS, Folders: mailbox.DefaultFolders()})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		r := h.watcher.Scan(ctx)
		cancel()
		require.Less(t, time.Since(start), 5*time.Second)
		e, ok := errors.AsType[*smtperr.Error](r.Err)
		require.True(t, ok)
		require.True(t, e.Timeout(), "%v", r.Err)
	}
}

// cuttingDialer returns connections that end after a number of bytes.
type cuttingDialer struct{ limit int }

func (d *cuttingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &cutConn{Conn: c, left: d.limit}, err
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
	h := newHarness(t, box)
	for i := range 120 {
		s.deliver("INBOX", message(h.send(), i))
		s.deliver("INBOX", foreign)
	}
	failed := 0
	for limit := 2000; h.inFlight() > 0; limit += 6000 {
		require.Less(t, limit, 500_000)
		box.Dialer = &cuttingDialer{limit: limit}
		r := h.scan()
		if r.Err != nil {
			failed++
			require.False(t, r.Complete)
		}
	}
	require.Positive(t, failed)
	box.Dialer = nil
	h.scanned()
	require.Equal(t, mailflow.Counters{Sent: 120, Arrived: 120}, h.ledger.Flows()[0].Counters, "each message is counted once")
	require.Equal(t, 120, s.count("INBOX"), "only test messages are deleted")
}

// slowDialer returns connections that delay each command.
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
	h := newHarness(t, box)
	signed := h.send()
	for range 450 {
		s.deliver("INBOX", foreign)
	}
	s.deliver("INBOX", message(signed, 1))
	for scans := 1; h.inFlight() > 0; scans++ {
		require.Less(t, scans, 100, "each scan makes progress")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		h.watcher.Scan(ctx)
		cancel()
	}
	require.Equal(t, []string{"arrived inbox"}, h.states())
}
