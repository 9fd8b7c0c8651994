package mailbox

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Limits of the sink.
const (
	maxSinkConns   = 50
	maxSinkMessage = 300 << 20 // bytes; a test message has at most 256 MiB
	sinkTimeout    = 2 * time.Minute
)

// Sink is an LMTP server (RFC 2033) that accepts the messages of its flows and
// refuses other mail. Each message is settled before the reply 250, so that no
// message is lost in a crash.
type Sink struct {
	Network, Address string   // "tcp" and host:port, or "unix" and a path
	Recipients       []string // accepted recipients
	Host             string   // host name in the greeting; empty: this host's
	// MinUptime is the time from opening the sink until a scan is complete. A relay
	// that could not connect retries later.
	MinUptime time.Duration

	mu            sync.Mutex
	server        *smtp.Server
	listener      net.Listener
	since         time.Time // when it was opened
	ours, foreign int       // messages since the last scan
	scan          *Scan     // processes deliveries
}

// Source returns the address.
func (s *Sink) Source() string {
	if host, _, err := net.SplitHostPort(s.Address); s.Network == "tcp" && err == nil {
		return host
	}
	return s.Address
}

// Scan opens the sink if it is not open, and counts the messages since the last
// scan. Messages are processed when they are delivered.
func (s *Sink) Scan(_ context.Context, scan *Scan) error {
	if err := s.Open(scan); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	scan.foreign, scan.ours = s.foreign, s.ours
	s.foreign, s.ours = 0, 0
	if scan.now().Sub(s.since) < s.MinUptime {
		scan.SetIncomplete()
	}
	return nil
}

// Open starts the server unless it is running.
func (s *Sink) Open(scan *Scan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		return nil
	}
	l, err := listen(s.Network, s.Address)
	if err != nil {
		return listenError(err)
	}
	if s.Host == "" {
		s.Host, _ = os.Hostname() //nolint:errcheck // without a name, the hop is "other"
		s.Host = strings.ToLower(s.Host)
	}
	s.listener, s.since = l, scan.now()
	s.scan = &Scan{mailbox: scan.mailbox, reader: scan.reader, ledger: scan.ledger, now: scan.now}
	s.server = smtp.NewServer(s)
	s.server.LMTP = true
	s.server.Domain = s.Host
	s.server.MaxMessageBytes = maxSinkMessage
	s.server.MaxRecipients = max(1, len(s.Recipients))
	s.server.ReadTimeout, s.server.WriteTimeout = sinkTimeout, sinkTimeout
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server := s.server
	go server.Serve(netutil.LimitListener(l, maxSinkConns)) //nolint:errcheck // Close ends it
	return nil
}

// listen listens on an address. It removes a unix socket that a killed process left
// behind, but not a socket that is in use.
func listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err == nil || network != "unix" {
		return l, err
	}
	info, missing := os.Lstat(address)
	if missing != nil || info.Mode().Type() != os.ModeSocket {
		return nil, err
	}
	if c, refused := net.DialTimeout(network, address, time.Second); refused == nil {
		c.Close()
		return nil, err
	}
	if os.Remove(address) != nil {
		return nil, err
	}
	return net.Listen(network, address)
}

// listenError classifies an error of listen. It is a local error unless the address
// is wrong.
func listenError(err error) error {
	e, ok := errors.AsType[*smtperr.Error](classify(smtperr.PhaseConnect, err))
	if !ok {
		return err
	}
	if e.Class == smtperr.ClassDNSNotFound || e.Class == smtperr.ClassConfigError {
		return e
	}
	reason := e.Reason
	if reason != smtperr.ReasonPermission && reason != smtperr.ReasonTooManyOpenFiles {
		reason = "" // other reasons are about a remote host
	}
	return smtperr.New(smtperr.ClassLocalError, reason, smtperr.PhaseConnect, err)
}

// Addr returns the address of the listener, or nil if the sink is not open.
func (s *Sink) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Close stops the server and closes its sessions.
func (s *Sink) Close() error {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server, s.listener = nil, nil
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	// The server does not close the listener if Serve has not been called yet.
	if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return err
}

// NewSession implements smtp.Backend.
func (s *Sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: s}, nil }

func (s *Sink) accepts(recipient string) bool {
	return slices.ContainsFunc(s.Recipients, func(r string) bool { return strings.EqualFold(r, recipient) })
}

// The replies of the sink.
var (
	errUnknownRecipient = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No mail is accepted for this address"}
	errForeign          = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Only messages of smtpprobe are accepted here"}
	errNotRecorded      = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message cannot be recorded now"}
)

// sinkSession is an LMTP session.
type sinkSession struct {
	sink       *Sink
	nullSender bool
}

// Mail accepts every sender.
func (c *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	c.nullSender = from == ""
	return nil
}

// Rcpt accepts the recipients of the sink.
func (c *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !c.sink.accepts(to) {
		return errUnknownRecipient
	}
	return nil
}

// Data reads a message and delivers it.
func (c *sinkSession) Data(r io.Reader) error {
	content, err := io.ReadAll(io.LimitReader(r, mailflow.MaxReport))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return err
	}
	return c.sink.deliver(content, c.nullSender)
}

// Reset ends a transaction.
func (c *sinkSession) Reset() { c.nullSender = false }

// Logout ends the session.
func (*sinkSession) Logout() error { return nil }
