package mailbox

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
)

// Dialer connects to a server; *net.Dialer is one.
type Dialer interface {
	// DialContext connects before the context ends.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// IMAP is a mailbox on an IMAP server (RFC 9051, RFC 3501). Each look is one
// session, always encrypted.
type IMAP struct {
	Address string // host:port
	// StartTLS is set for a port that begins in cleartext (imap://); there the
	// session fails unless STARTTLS succeeds.
	StartTLS bool
	TLS      *tls.Config // nil: Go's defaults; the server's name is set by the session
	Dialer   Dialer      // nil: *net.Dialer

	// Credentials is called for each session; nil: the server needs none.
	Credentials func(ctx context.Context) (sasl.Credentials, error)
	Mechanism   string // of SASL; empty: the strongest that the server offers

	Folders []Folder // folders with the special use \Junk are added
	// Delete removes settled messages. If false, folders are opened read-only.
	Delete bool
	// Warn is called, once for each text, if the server lacks an extension;
	// nil: not called.
	Warn func(text string)

	warned sync.Once
}

// Source returns the host.
func (m *IMAP) Source() string {
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return m.Address
	}
	return host
}

// Close does nothing: no session outlives its look.
func (*IMAP) Close() error { return nil }

// Look is one session.
func (m *IMAP) Look(ctx context.Context, v *Visit) error {
	s, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.login(ctx); err != nil {
		return err
	}
	return s.look(ctx, v)
}

// warnNoUIDPlus warns once that messages are marked but not removed.
func (m *IMAP) warnNoUIDPlus() {
	m.warned.Do(func() {
		if m.Warn != nil {
			m.Warn("the IMAP server lacks UIDPLUS (RFC 4315): messages are marked as deleted, but not removed")
		}
	})
}
