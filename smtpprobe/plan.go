package smtpprobe

import (
	"context"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Depth is how far a probe goes. Its text is the metric tag "probe".
type Depth string

// The depths, each including those before it.
const (
	DepthConnect Depth = "connect" // greeting, QUIT
	DepthEHLO    Depth = "ehlo"    // and EHLO, STARTTLS
	DepthAuth    Depth = "auth"    // and AUTH
	DepthRcpt    Depth = "rcpt"    // and MAIL, RCPT, RSET
	DepthSend    Depth = "send"    // and a message
)

// Plan is what one probe does and how long it may take.
type Plan struct {
	Depth Depth
	Helo  string // EHLO's argument; required (see DefaultHelo)

	Timeout        time.Duration // the whole probe; required, > 0
	ConnectTimeout time.Duration // DNS, and each dial; 0 = bounded by Timeout only
	ReadTimeout    time.Duration // each reply and the TLS handshake; 0 = bounded by Timeout only

	Auth    *Auth  // nil: no AUTH, whatever is offered
	From    string // empty is the null sender <>
	To      []string
	Message Message
	Expect  []Expectation // outcomes that count as success; empty: no error

	// STARTTLSExpected: this relay offered STARTTLS before, so that its absence
	// is the failure starttls_withdrawn, also where TLS is opportunistic.
	STARTTLSExpected bool

	// Transcript asks for Result.Transcript.
	Transcript bool
}

// Auth holds what an authentication needs. Secrets live in here: it has no
// String method that shows them.
type Auth struct {
	Username, Password string
	Mechanism          string      // empty: the strongest offered in common
	Cleartext          bool        // allow AUTH without verified TLS
	Token              TokenSource // for XOAUTH2 and OAUTHBEARER
}

// TokenSource yields OAuth2 access tokens. Errors it returns are
// *smtperr.Error where it can tell them (token_refused, token_unreachable).
type TokenSource interface {
	// Token returns a token that is valid now, within the context's deadline.
	Token(ctx context.Context) (string, error)
}

// Message is the test message of a DepthSend probe.
type Message struct {
	Subject string
	Body    string
	Headers []Header // own headers, after ours
	Size    int      // pad the whole message to this many octets; 0 = as it comes
}

// Header is one header field of a message.
type Header struct{ Name, Value string }

// Expectation is one outcome that counts as success; zero fields match any.
type Expectation struct {
	Class  smtperr.Class
	Reason smtperr.Reason
	Code   int
	Phase  smtperr.Phase
}
