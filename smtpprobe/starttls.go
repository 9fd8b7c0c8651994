package smtpprobe

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// startTLS encrypts the session where the target's mode asks for it (RFC 3207)
// and greets again, since nothing learned before counts any more (§4.2).
func (s *session) startTLS() *smtperr.Error {
	mode := s.target.TLS
	if mode != TLSOpportunistic && mode != TLSRequired {
		return nil
	}
	if !s.caps.Has("STARTTLS") {
		return s.withoutSTARTTLS()
	}
	reply, err := s.command(smtperr.PhaseSTARTTLS, "STARTTLS")
	if err != nil {
		return err
	}
	refusal := s.meaning(smtperr.PhaseSTARTTLS, reply)
	if refusal != nil && refusal.Class == smtperr.ClassStartTLSRefused && mode == TLSOpportunistic {
		return nil
	}
	if refusal != nil {
		return refusal
	}
	if err := s.injected(reply); err != nil {
		return err
	}
	if err := s.handshake(); err != nil {
		return err
	}
	s.res.PlainCaps = s.caps
	return s.hello()
}

// withoutSTARTTLS is what it means that STARTTLS is not offered.
func (s *session) withoutSTARTTLS() *smtperr.Error {
	if s.plan.STARTTLSExpected && s.caps != nil {
		return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSWithdrawn, smtperr.PhaseSTARTTLS, nil)
	}
	if s.target.TLS == TLSOpportunistic {
		return nil
	}
	if err := s.esmtp(smtperr.PhaseSTARTTLS); err != nil {
		return err
	}
	return smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonStartTLSNotOffered, smtperr.PhaseSTARTTLS, nil)
}

// injected refuses bytes that came with STARTTLS' 220: whoever put them there
// wants them to be taken for the encrypted session's (CVE-2011-0411).
func (s *session) injected(reply smtperr.Reply) *smtperr.Error {
	if s.in.buffered() == 0 && !s.kernel.Pending() {
		return nil
	}
	s.inSync = false
	err := smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonStartTLSInjection, smtperr.PhaseSTARTTLS,
		errors.New("the relay spoke between its 220 and the handshake"))
	err.Reply = &reply
	return err
}
