package smtptest

import (
	"crypto/tls"
	"slices"
	"strings"
)

// Script is how a relay behaves. The zero value is a healthy ESMTP relay
// without TLS and AUTH. A nil Step is the healthy one.
type Script struct {
	Hostname string // in greeting and EHLO reply; default "relay.test"
	LMTP     bool   // LHLO, and one reply per accepted recipient after the dot

	// TLS makes STARTTLS offered and served. The caller's Config decides about
	// certificates, versions and client certificates.
	TLS *tls.Config
	// ImplicitTLS begins with the handshake (RFC 8314 §3).
	ImplicitTLS bool

	// Extensions replaces the lines after the first of the EHLO reply, SIZE and
	// so on; STARTTLS and AUTH are added when they are served. ExtensionsTLS is
	// the same once TLS is active; nil means no difference.
	Extensions    []string
	ExtensionsTLS []string

	// Accounts makes AUTH offered and really served; see there.
	Accounts *Accounts

	Greeting     Step
	Handshake    Step // in place of the TLS handshake; Healthy does it
	EHLO         Step
	HELO         Step
	LHLO         Step
	StartTLS     Step
	Auth         Step
	AuthResponse Step // every line after a 334
	Mail         Step
	Rcpt         Step
	Data         Step
	Body         Step // as soon as BodyAfter bytes of the body were read
	Dot          Step // in LMTP once for each accepted recipient
	Rset         Step
	Noop         Step
	Vrfy         Step
	Quit         Step
	Other        Step // any other command

	// Before comes ahead of the greeting and of every reply.
	Before Step

	BodyAfter int64

	variants []Script
	cycle    bool
}

// Moment is a point of the conversation at which the relay acts.
type Moment string

// The moments, each named after its field of Script.
const (
	AtGreeting     Moment = "greeting"
	AtHandshake    Moment = "handshake"
	AtEHLO         Moment = "EHLO"
	AtHELO         Moment = "HELO"
	AtLHLO         Moment = "LHLO"
	AtStartTLS     Moment = "STARTTLS"
	AtAuth         Moment = "AUTH"
	AtAuthResponse Moment = "auth response"
	AtMail         Moment = "MAIL"
	AtRcpt         Moment = "RCPT"
	AtData         Moment = "DATA"
	AtBody         Moment = "body"
	AtDot          Moment = "dot"
	AtRset         Moment = "RSET"
	AtNoop         Moment = "NOOP"
	AtVrfy         Moment = "VRFY"
	AtQuit         Moment = "QUIT"
	AtOther        Moment = "other"
)

// With is the script with another step at one moment, for tests that are
// generated over moments.
func (s Script) With(m Moment, step Step) Script {
	*s.at(m) = step
	return s
}

func (s *Script) at(m Moment) *Step {
	switch m {
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
	panic("smtptest: no such moment: " + string(m))
}

// Sessions gives the first session the first script, and so on; the last one
// stays.
func Sessions(scripts ...Script) Script { return Script{variants: scripts} }

// Cycle is like Sessions, but begins again after the last script.
func Cycle(scripts ...Script) Script { return Script{variants: scripts, cycle: true} }

// session is the script of the nth session, counted from 1.
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

// defaultExtensions is what an ordinary relay offers.
var defaultExtensions = []string{"PIPELINING", "SIZE 10240000", "8BITMIME", "ENHANCEDSTATUSCODES"}

// extensions is the EHLO reply after its first line.
func (s *Script) extensions(c *circumstances) []string {
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
