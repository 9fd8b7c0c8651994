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

// Depth is how far a probe goes. It is the value of the metric tag "probe".
type Depth string

// The depths. Each includes the previous ones.
const (
	DepthConnect Depth = "connect" // greeting and QUIT
	DepthEHLO    Depth = "ehlo"    // EHLO and STARTTLS
	DepthAuth    Depth = "auth"    // AUTH
	DepthRcpt    Depth = "rcpt"    // MAIL, RCPT and RSET
	DepthSend    Depth = "send"    // a message
)

// depths lists the depths in order.
var depths = []Depth{DepthConnect, DepthEHLO, DepthAuth, DepthRcpt, DepthSend}

// includes reports whether a probe of depth d includes the steps of another depth.
func (d Depth) includes(other Depth) bool {
	return slices.Index(depths, d) >= slices.Index(depths, other)
}

// Plan is what a probe does. The zero value is a probe of DepthEHLO.
type Plan struct {
	Depth   Depth    // empty means DepthEHLO
	Auth    *Auth    // nil means no AUTH, even if it is offered
	From    string   // envelope sender; empty means the null sender <>
	To      []string // envelope recipients
	Message Message  // used with DepthSend
	// Expect lists the outcomes that count as success. If it is empty, that is the
	// absence of an error. A plan that expects a refusal does not send the message,
	// see Reaches.
	Expect []Expectation

	// Identify, if not nil, returns the identity of the message of a DepthSend
	// probe, for callers that follow the message: the value of the header field
	// X-Smtpprobe-Id. It is called once, immediately before MAIL. If the relay
	// offers DSN (RFC 3461), the identity is also the ENVID, and bounces are
	// requested.
	Identify func() (string, error)

	// STARTTLSExpected is set if the relay is known to offer STARTTLS: its absence
	// is then the error starttls_withdrawn, even if TLS is opportunistic.
	STARTTLSExpected bool

	// SNI is the server name of the TLS handshake. The default is the name for
	// which the certificate is verified. Senders with DANE use the TLSA base domain
	// (RFC 7672 §8.1).
	SNI string

	// Transcript selects when a Result has a Transcript. The default is never.
	Transcript TranscriptMode
}

// TranscriptMode selects when a Result has a Transcript.
type TranscriptMode uint8

// The transcript modes.
const (
	TranscriptNever     TranscriptMode = iota
	TranscriptOnFailure                // if there is an error, even an expected one
	TranscriptAlways
)

// Auth holds credentials. It contains secrets and must not be printed.
type Auth struct {
	Username, Password string
	Mechanism          string      // empty means the strongest one that both sides support
	Cleartext          bool        // permits AUTH without verified TLS
	Token              TokenSource // for XOAUTH2 and OAUTHBEARER
}

// TokenSource returns OAuth2 access tokens. Its errors should be of type
// *smtperr.Error, with class auth_failed and reason token_refused or
// token_unreachable. A token is masked from the call of Token on. If the source
// has a method Secrets() []string, its result is masked from the start of the
// session.
type TokenSource interface {
	// Token returns a token that is currently valid.
	Token(ctx context.Context) (string, error)
}

// Message is the content of the message of a DepthSend probe.
type Message = message.Content

// Header is one header field of a message.
type Header = message.Header

// check returns an error for an invalid plan. Addresses are checked when they are
// parsed.
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
