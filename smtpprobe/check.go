package smtpprobe

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// check refuses a target that cannot be connected to, or whose TLS mode is
// misspelt: that would go in the clear.
func (t *Target) check() *smtperr.Error {
	switch t.TLS {
	case "", TLSNever, TLSOpportunistic, TLSRequired, TLSImplicit:
	default:
		return misplanned("", "the TLS mode "+strconv.Quote(string(t.TLS))+" is none of never, opportunistic, required and implicit")
	}
	if t.Port == 0 && t.Socket == "" {
		return misplanned(smtperr.ReasonInvalidPort, "a port, or a unix socket, is needed")
	}
	return nil
}

// check refuses a plan that no session can be held by, and every string that
// would end a command line early. The addresses are checked where they are
// parsed.
func (p *Plan) check() *smtperr.Error {
	switch {
	case !slices.Contains(depths, p.Depth):
		return misplanned("", "the depth "+strconv.Quote(string(p.Depth))+" is none of connect, ehlo, auth, rcpt and send")
	case p.Timeout <= 0:
		return misplanned("", "the timeout must be positive")
	case p.Helo == "" || strings.ContainsAny(p.Helo, "\r\n\x00 "):
		return misplanned(smtperr.ReasonInvalidAddress, "the argument of EHLO must be one word")
	case p.Depth.reaches(DepthRcpt) && len(p.To) == 0:
		return misplanned(smtperr.ReasonInvalidAddress, "a probe of RCPT needs a recipient")
	case p.Auth != nil && strings.ContainsAny(p.Auth.Username+p.Auth.Mechanism, "\r\n\x00"):
		return misplanned("", "a username or mechanism must not contain CR, LF or NUL")
	}
	return nil
}

func misplanned(reason smtperr.Reason, why string) *smtperr.Error {
	return smtperr.New(smtperr.ClassConfigError, reason, smtperr.PhaseConfig, errors.New(why))
}

func (p *Plan) messageOptions() message.Options {
	headers := make([]message.Header, len(p.Message.Headers))
	for i, h := range p.Message.Headers {
		headers[i] = message.Header(h)
	}
	return message.Options{
		From:    p.From,
		To:      p.To,
		Helo:    p.Helo,
		Subject: p.Message.Subject,
		Body:    p.Message.Body,
		Headers: headers,
		Size:    p.Message.Size,
	}
}
