package smtptest

import (
	"crypto/tls"
	"slices"
	"strings"
)

// Script is the behavior of a relay. The zero value is a healthy ESMTP relay
// without TLS and AUTH. A nil Step is Healthy.
type Script struct {
	Hostname string // in the greeting and the EHLO reply; default "relay.test"
	LMTP     bool   // LHLO, and one reply per accepted recipient after the dot

	// TLS enables STARTTLS with this configuration.
	TLS *tls.Config
	// ImplicitTLS starts sessions with the handshake (RFC 8314 §3). It requires TLS.
	ImplicitTLS bool

	// Extensions are the lines of the EHLO reply after the first; by default a few
	// ordinary ones. STARTTLS and AUTH are added if TLS and Accounts are set.
	// ExtensionsTLS, if not nil, replaces Extensions while TLS is active.
	Extensions    []string
	ExtensionsTLS []string

	// Accounts enables AUTH.
	Accounts *Accounts

	Greeting     Step
	Handshake    Step // replaces the TLS handshake, which is Healthy
	EHLO         Step
	HELO         Step
	LHLO         Step
	StartTLS     Step
	Auth         Step
	AuthResponse Step // a line after 334
	Mail         Step
	Rcpt         Step
	Data         Step
	Body         Step // after BodyAfter bytes of the message were read
	Dot          Step // in LMTP once for each accepted recipient
	Rset         Step
	Noop         Step
	Vrfy         Step
	Quit         Step
	Other        Step // any other command

	// Before runs before the greeting and before each reply.
	Before Step

	BodyAfter int64

	variants []Script
	cycle    bool
}

// Event is a command of the client, or another point of a session for which a
// Script has a Step.
type Event string

// The events, named after the fields of Script.
const (
	AtGreeting     Event = "greeting"
	AtHandshake    Event = "handshake"
	AtEHLO         Event = "EHLO"
	AtHELO         Event = "HELO"
	AtLHLO         Event = "LHLO"
	AtStartTLS     Event = "STARTTLS"
	AtAuth         Event = "AUTH"
	AtAuthResponse Event = "auth response"
	AtMail         Event = "MAIL"
	AtRcpt         Event = "RCPT"
	AtData         Event = "DATA"
	AtBody         Event = "body"
	AtDot          Event = "dot"
	AtRset         Event = "RSET"
	AtNoop         Event = "NOOP"
	AtVrfy         Event = "VRFY"
	AtQuit         Event = "QUIT"
	AtOther        Event = "other"
)

// With returns the script with another step for one event, for tests that iterate
// over events.
func (s Script) With(e Event, step Step) Script {
	*s.at(e) = step
	return s
}

func (s *Script) at(e Event) *Step {
	switch e {
	case AtGreeting:
		return &s.Greeting
	case AtHandshake:
		return &s.Handshake
	case AtEHLO:
		return &s.EHLO
	case AtHELO:
		return &s.HELO
	case AtLHLO:
		return &s.LHLO
	case AtStartTLS:
		return &s.StartTLS
	case AtAuth:
		return &s.Auth
	case AtAuthResponse:
		return &s.AuthResponse
	case AtMail:
		return &s.Mail
	case AtRcpt:
		return &s.Rcpt
	case AtData:
		return &s.Data
	case AtBody:
		return &s.Body
	case AtDot:
		return &s.Dot
	case AtRset:
		return &s.Rset
	case AtNoop:
		return &s.Noop
	case AtVrfy:
		return &s.Vrfy
	case AtQuit:
		return &s.Quit
	case AtOther:
		return &s.Other
	}
	panic("smtptest: unknown event: " + string(e))
}

// Sessions returns a script that uses the first script for the first session, and
// so on. Further sessions use the last one.
func Sessions(scripts ...Script) Script { return Script{variants: scripts} }

// Cycle is like Sessions, but starts again after the last script.
func Cycle(scripts ...Script) Script { return Script{variants: scripts, cycle: true} }

// session returns the script of the nth session, from 1.
func (s Script) session(n int) Script {
	if len(s.variants) == 0 {
		return s
	}
	i := min(n-1, len(s.variants)-1)
	if s.cycle {
		i = (n - 1) % len(s.variants)
	}
	return s.variants[i]
}

func (s *Script) hostname() string {
	if s.Hostname == "" {
		return "relay.test"
	}
	return s.Hostname
}

// defaultExtensions are the extensions of an ordinary relay.
var defaultExtensions = []string{"PIPELINING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES"}

// extensions returns the lines of the EHLO reply after the first.
func (s *Script) extensions(c *connInfo) []string {
	encrypted := c.tls != nil
	lines := s.Extensions
	if lines == nil {
		lines = defaultExtensions
	}
	if encrypted && s.ExtensionsTLS != nil {
		lines = s.ExtensionsTLS
	}
	lines = slices.Clone(lines)
	if s.TLS != nil && !encrypted {
		lines = append(lines, "STARTTLS")
	}
	if s.Accounts != nil {
		if names := s.Accounts.offered(c); len(names) > 0 {
			lines = append(lines, "AUTH "+strings.Join(names, " "))
		}
	}
	return lines
}
