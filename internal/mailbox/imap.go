package mailbox

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/sasl"
)

// Dialer connects to a server. *net.Dialer implements it.
type Dialer interface {
	// DialContext connects to an address. It returns when ctx ends.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// IMAP is a mailbox on an IMAP server (RFC 9051, RFC 3501). Each scan is one session,
// which is always encrypted.
type IMAP struct {
	Address string // host:port
	// StartTLS is true if the session begins in cleartext (imap://). Then the
	// session fails unless STARTTLS succeeds.
	StartTLS bool
	TLS      *tls.Config // nil: Go's defaults; an empty server name is set to the host
	Dialer   Dialer      // nil: a net.Dialer

	// Credentials is called for each session. nil: the session does not
	// authenticate.
	Credentials func(ctx context.Context) (sasl.Credentials, error)
	Mechanism   string // SASL mechanism; empty: the strongest that the server offers

	Folders []Folder // folders with the special use \Junk are added
	// Delete removes settled messages. If false, folders are opened read-only.
	Delete bool
	// Warn, if not nil, is called once if the server cannot remove messages.
	Warn func(text string)

	warned sync.Once
}

// Source returns the host of the server.
func (m *IMAP) Source() string {
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return m.Address
	}
	return host
}

// Close does nothing, because a session ends with its scan.
func (*IMAP) Close() error { return nil }

// Scan implements Mailbox with one session.
func (m *IMAP) Scan(ctx context.Context, scan *Scan) error {
	s, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.login(ctx); err != nil {
		return err
	}
	return s.scan(ctx, scan)
}

// warnNoUIDPlus warns once that messages are marked as deleted but not removed.
func (m *IMAP) warnNoUIDPlus() {
	m.warned.Do(func() {
		if m.Warn != nil {
			m.Warn("the IMAP server lacks UIDPLUS (RFC 4315): messages are marked as deleted, but not removed")
		}
	})
}
