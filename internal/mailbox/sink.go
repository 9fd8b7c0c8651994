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

// The bounds of the sink.
const (
	maxSinkConns   = 50
	maxSinkMessage = 300 << 20 // bytes; a probe's message has up to 256 MiB
	sinkTimeout    = 2 * time.Minute
)

// Sink is a mailbox that mail is delivered to: an LMTP server (RFC 2033) that
// accepts the messages of its flows and refuses other mail. Each message is
// settled before its 250, so that a crash loses none.
type Sink struct {
	Network, Address string   // tcp and host:port, or unix and a path
	Recipients       []string // accepted recipients
	Host             string   // the name in its greeting
	// Patience is how long the sink must have been open before a look is
	// complete: a relay that could not deliver retries later.
	Patience time.Duration

	mu       sync.Mutex
	server   *smtp.Server
	listener net.Listener
	since    time.Time
	counts   [2]int // foreign and ours since the last look
	shown    *Visit // receives the deliveries
}

// Source returns the address.
func (s *Sink) Source() string {
	if host, _, err := net.SplitHostPort(s.Address); s.Network == "tcp" && err == nil {
		return host
	}
	return s.Address
}

// Look opens the sink if it is not open. Mail arrives at any time; the look
// reports what has arrived since the last one.
func (s *Sink) Look(_ context.Context, v *Visit) error {
	if err := s.Open(v); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.foreign, v.ours = s.counts[0], s.counts[1]
	s.counts = [2]int{}
	if v.now().Sub(s.since) < s.Patience {
		v.Cut()
	}
	return nil
}

// Open starts to listen, unless the sink is listening.
func (s *Sink) Open(v *Visit) error {
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
		s.Host, _ = os.Hostname() //nolint:errcheck // without a name it is "other" in the path
		s.Host = strings.ToLower(s.Host)
	}
	s.listener, s.since, s.shown = l, v.now(), &Visit{name: v.name, reader: v.reader, ledger: v.ledger, now: v.now}
	s.server = smtp.NewServer(s)
	s.server.LMTP = true
	s.server.Domain = s.Host
	s.server.MaxMessageBytes = maxSinkMessage
	s.server.MaxRecipients = max(1, len(s.Recipients))
	s.server.ReadTimeout, s.server.WriteTimeout = sinkTimeout, sinkTimeout
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server := s.server
	go server.Serve(netutil.LimitListener(l, maxSinkConns)) //nolint:errcheck // it ends with Close
	return nil
}

// listen opens an address. It removes a unix socket that a killed process left
// behind, but not one that is in use.
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

// listenError classifies why the sink cannot listen. It is always a local
// error.
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
		reason = "" // the other reasons are about connecting
	}
	return smtperr.New(smtperr.ClassLocalError, reason, smtperr.PhaseConnect, err)
}

// Addr returns the address of the listener, or nil.
func (s *Sink) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// Close ends the sink, and the sessions with it.
func (s *Sink) Close() error {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server, s.listener = nil, nil
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	err := server.Close()
	// The server knows the listener only once its goroutine runs.
	if late := listener.Close(); late != nil && !errors.Is(late, net.ErrClosed) {
		return late
	}
	return err
}

// NewSession implements the backend of the library's server.
func (s *Sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: s}, nil }

func (s *Sink) takes(recipient string) bool {
	return slices.ContainsFunc(s.Recipients, func(r string) bool { return strings.EqualFold(r, recipient) })
}

// The replies of the sink.
var (
	errStranger = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No mail is accepted for this address"}
	errNotOurs  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Only messages of smtpprobe are accepted here"}
	errPutOff   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message cannot be recorded now"}
)

// sinkSession is one LMTP session.
type sinkSession struct {
	sink       *Sink
	nullSender bool
}

// Mail accepts every sender.
func (c *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	c.nullSender = from == ""
	return nil
}

// Rcpt accepts the addresses of the mailbox.
func (c *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !c.sink.takes(to) {
		return errStranger
	}
	return nil
}

// Data reads a message.
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

// Reset forgets the sender.
func (c *sinkSession) Reset() { c.nullSender = false }

// Logout ends the session.
func (*sinkSession) Logout() error { return nil }
