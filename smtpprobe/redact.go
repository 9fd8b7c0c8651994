package smtpprobe

import (
	"errors"
	"maps"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// maxRecipientReply is the most bytes of text of a recipient's reply that are
// stored: there may be many recipients.
const maxRecipientReply = 1024

// redact masks the secrets in the Result. It is the last step, because the
// classification of a reply needs its original text.
func (s *session) redact() {
	if s.secrets.None() && len(s.res.Recipients) == 0 {
		return
	}
	r := s.res
	done := make(map[*smtperr.Error]bool)
	s.redactError(r.Err, done)
	for _, err := range r.Secondary {
		s.redactError(err, done)
	}
	for _, p := range r.Phases {
		s.redactError(p.Err, done)
	}
	for i := range r.Recipients {
		rcpt := &r.Recipients[i]
		s.redactError(rcpt.Err, done)
		rcpt.Reply = s.redacted(rcpt.Reply, false)
	}
	if r.Err != nil {
		r.Reply = asError(r.Err).Reply
	} else {
		r.Reply = s.redacted(r.Reply, r.Depth == DepthAuth)
	}
	r.GreetingHost, r.EHLOHost = s.secrets.Text(r.GreetingHost), s.secrets.Text(r.EHLOHost)
	r.Capabilities = s.redactedCapabilities(r.Capabilities)
	r.PlainCaps = s.redactedCapabilities(r.PlainCaps)
}

func (s *session) redactError(err error, done map[*smtperr.Error]bool) {
	e, ok := errors.AsType[*smtperr.Error](err)
	if !ok || done[e] {
		return
	}
	done[e] = true
	e.Reply = s.redacted(e.Reply, e.Phase == smtperr.PhaseAuth)
	for _, refused := range e.Recipients {
		s.redactError(refused, done)
	}
	for _, secondary := range e.Secondary {
		s.redactError(secondary, done)
	}
}

// redacted returns a copy of a reply without secrets.
func (s *session) redacted(reply *smtperr.Reply, inAuth bool) *smtperr.Reply {
	if reply == nil {
		return nil
	}
	masked := *reply
	masked.Lines = s.secrets.Mask(reply.Lines, inAuth)
	return &masked
}

// truncated returns a copy of a reply with at most maxRecipientReply bytes of text.
func truncated(reply *smtperr.Reply) *smtperr.Reply {
	if reply == nil {
		return nil
	}
	short := *reply
	short.Lines = nil
	left := maxRecipientReply
	for _, line := range reply.Lines {
		// A copy, so that the rest of the line is not retained.
		short.Lines = append(short.Lines, strings.Clone(line[:min(len(line), left)]))
		if left -= len(line); left <= 0 {
			break
		}
	}
	return &short
}

func (s *session) redactedCapabilities(c *Capabilities) *Capabilities {
	if c == nil {
		return nil
	}
	masked := *c
	masked.Extensions = maps.Clone(c.Extensions)
	for keyword, params := range c.Extensions {
		if s.secrets.Text(keyword) != keyword {
			delete(masked.Extensions, keyword)
			continue
		}
		masked.Extensions[keyword] = s.secrets.Text(params)
	}
	return &masked
}
