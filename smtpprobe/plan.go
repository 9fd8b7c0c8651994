package smtpprobe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
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

// depths are in order, so that they compare by their index.
var depths = []Depth{DepthConnect, DepthEHLO, DepthAuth, DepthRcpt, DepthSend}

// includes reports whether a probe of this depth takes the steps of another.
func (d Depth) includes(other Depth) bool {
	return slices.Index(depths, d) >= slices.Index(depths, other)
}

// Plan is what one probe does. The zero value is a probe of DepthEHLO.
type Plan struct {
	Depth   Depth    // empty is DepthEHLO
	Auth    *Auth    // nil: no AUTH, whatever is offered
	From    string   // envelope sender; empty is the null sender <>
	To      []string // envelope recipients
	Message Message  // of a DepthSend probe
	// Expect lists the outcomes that count as success; empty: no error. A plan
	// that expects a refusal does not send the message, see Reaches.
	Expect []Expectation

	// Identify, if not nil, returns the identity of the message of a DepthSend
	// probe, the value of X-Smtpprobe-Id, for a caller that follows the message. It is
	// called once, right before MAIL. Where the relay offers DSN (RFC 3461) the
	// message then has the identity as its ENVID, and asks for bounces.
	Identify func() (string, error)

	// STARTTLSExpected: this relay offered STARTTLS before, so that its absence
	// is the failure starttls_withdrawn, also where TLS is opportunistic.
	STARTTLSExpected bool

	// SNI is the server name that the TLS handshake asks for. Empty: the name that
	// the certificate is verified for. A sender with DANE asks for the TLSA base
	// domain (RFC 7672 §8.1).
	SNI string

	// Transcript selects the probes that have a Result.Transcript.
	Transcript TranscriptMode
}

// TranscriptMode selects the probes that have a transcript.
type TranscriptMode uint8

// The transcript modes.
const (
	TranscriptNever     TranscriptMode = iota
	TranscriptOnFailure                // probes that fail, or whose outcome is not expected
	TranscriptAlways
)

// Auth is what to log in with. It holds secrets: do not print it.
type Auth struct {
	Username, Password string
	Mechanism          string      // empty: the strongest offered in common
	Cleartext          bool        // allow AUTH without verified TLS
	Token              TokenSource // for XOAUTH2 and OAUTHBEARER
}

// TokenSource yields OAuth2 access tokens. Its errors should be *smtperr.Error
// of auth_failed with the reason token_refused or token_unreachable. If it also
// has a method Secrets() []string, what that returns is masked from the start of
// the session; a token is masked once it is fetched.
type TokenSource interface {
	// Token returns a token that is valid now, within the context's deadline.
	Token(ctx context.Context) (string, error)
}

// Message is what a DepthSend probe sends.
type Message = message.Content

// Header is one header field of a message.
type Header = message.Header

// check refuses a plan that cannot be carried out, and every string that would
// end a command line early. Addresses are checked where they are parsed.
func (p *Plan) check() error {
	switch {
	case !slices.Contains(depths, p.Reaches()):
		return invalidPlan("", fmt.Errorf("invalid depth %q: must be one of connect, ehlo, auth, rcpt, send", p.Depth))
	case p.Reaches().includes(DepthRcpt) && len(p.To) == 0:
		return invalidPlan(smtperr.ReasonInvalidAddress, errors.New("a probe of RCPT needs a recipient"))
	case p.Auth != nil && strings.ContainsAny(p.Auth.Username+p.Auth.Mechanism, "\r\n\x00"):
		return invalidPlan("", errors.New("a username or mechanism must not contain CR, LF or NUL"))
	}
	return nil
}

func invalidPlan(reason smtperr.Reason, cause error) error {
	return smtperr.New(smtperr.ClassConfigError, reason, smtperr.PhaseConfig, cause)
}
