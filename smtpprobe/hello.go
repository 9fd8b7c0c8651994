package smtpprobe

import (
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// greeting waits for the relay's first words (RFC 5321 §3.1). Nothing is sent
// before their last line: postscreen and others refuse clients that hurry.
func (s *session) greeting() *smtperr.Error {
	s.begin(smtperr.PhaseGreeting)
	s.in.greeting = true
	reply, err := s.reply(smtperr.PhaseGreeting, s.replyDeadline())
	if err != nil {
		s.stop()
		return err
	}
	s.end()
	s.decisive(reply)
	return s.meaning(smtperr.PhaseGreeting, reply)
}

// hello says EHLO, or LHLO to an LMTP server, and learns what is offered.
// A server that does not know EHLO is greeted with HELO (RFC 5321 §3.2).
func (s *session) hello() *smtperr.Error {
	verb := "EHLO "
	if s.target.LMTP {
		verb = "LHLO "
	}
	s.caps = nil
	s.res.Capabilities = nil
	reply, err := s.command(smtperr.PhaseEHLO, verb+s.plan.Helo)
	if err != nil {
		return err
	}
	if !s.target.LMTP && unknownCommand(reply.Code) {
		return s.helo()
	}
	if err := s.meaning(smtperr.PhaseEHLO, reply); err != nil {
		return err
	}
	s.decisive(reply)
	s.caps = parseCapabilities(reply.Lines)
	s.res.Capabilities = s.caps
	return nil
}

func (s *session) helo() *smtperr.Error {
	reply, err := s.command(smtperr.PhaseHELO, "HELO "+s.plan.Helo)
	if err != nil {
		return err
	}
	s.decisive(reply)
	return s.meaning(smtperr.PhaseHELO, reply)
}

// unknownCommand: the replies to EHLO that tell of a server older than ESMTP,
// not of one that refuses us.
func unknownCommand(code int) bool { return code >= 500 && code <= 504 }

// meaning classifies a reply; nil where it is the one the phase needs.
func (s *session) meaning(phase smtperr.Phase, reply smtperr.Reply) *smtperr.Error {
	err := classifyReply(phase, reply, s.circumstances())
	if err != nil && err.Class == smtperr.ClassProtocolError {
		s.inSync = false
	}
	return err
}

// esmtp reports that a step needs an extension of a relay that knows only HELO.
func (s *session) esmtp(phase smtperr.Phase) *smtperr.Error {
	if s.caps != nil {
		return nil
	}
	return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonESMTPUnavailable, phase, nil)
}
