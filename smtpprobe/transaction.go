package smtpprobe

import (
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// mail starts the transaction (RFC 5321 §4.1.1.2).
func (s *session) mail() error {
	if err := s.identify(); err != nil {
		return err
	}
	command, err := s.mailCommand()
	if err != nil {
		return err
	}
	if err := s.commandOK(smtperr.PhaseMail, command); err != nil {
		return err
	}
	s.inTransaction = true
	return nil
}

// mailCommand returns MAIL with the parameters that the relay supports, or an error
// if it does not support what the message needs.
func (s *session) mailCommand() (string, error) {
	var b strings.Builder
	b.WriteString("MAIL FROM:<" + s.envelope.from + ">")
	if s.envelope.utf8 {
		if !s.caps.Has("SMTPUTF8") {
			return "", smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonSMTPUTF8NotOffered, smtperr.PhaseMail, nil)
		}
		b.WriteString(" SMTPUTF8")
	}
	if s.depth() != DepthSend {
		return b.String(), nil
	}
	size := int64(s.envelope.message.Size())
	if s.caps.Has("SIZE") {
		if s.caps.Size > 0 && size > s.caps.Size {
			return "", smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonMessageTooLarge, smtperr.PhaseMail, nil)
		}
		b.WriteString(" SIZE=" + strconv.FormatInt(size, 10))
	}
	if (s.envelope.eightBit || s.envelope.utf8) && s.caps.Has("8BITMIME") {
		b.WriteString(" BODY=8BITMIME")
	}
	if s.plan.Identify != nil && s.caps.Has("DSN") {
		b.WriteString(" RET=HDRS ENVID=" + xtext(s.envelope.message.ProbeID))
	}
	return b.String(), nil
}

// rcpt sends RCPT for each recipient (RFC 5321 §4.1.1.3), even if others are
// refused. The message is sent to the accepted ones.
func (s *session) rcpt() error {
	suffix := ""
	if s.caps.Has("DSN") && s.depth() == DepthSend {
		suffix = " NOTIFY=NEVER" // no bounce (RFC 3461 §4.1)
		if s.plan.Identify != nil {
			suffix = " NOTIFY=FAILURE,DELAY"
		}
	}
	var refusals []*smtperr.Error //nolint:prealloc // usually, there are none
	for i, to := range s.envelope.to {
		r := s.rcptOne(s.plan.To[i], "RCPT TO:<"+to+">"+suffix)
		s.res.Recipients = append(s.res.Recipients, r)
		switch {
		case r.Accepted:
			s.accepted = append(s.accepted, i)
			continue
		case r.Reply == nil || asError(r.Err).Class == smtperr.ClassProtocolError: // the session is over
			s.fail(smtperr.Refusals(smtperr.PhaseRcpt, refusals, 1))
			return r.Err
		}
		refusals = append(refusals, asError(r.Err))
		if s.closing {
			break
		}
	}
	err := smtperr.Refusals(smtperr.PhaseRcpt, refusals, len(s.accepted))
	if len(s.accepted) == 0 || s.closing {
		return err
	}
	s.fail(err)
	return nil
}

// rcptOne sends RCPT for one recipient.
func (s *session) rcptOne(address, command string) RecipientResult {
	before := s.clock.phase(smtperr.PhaseRcpt).Duration
	reply, err := s.command(smtperr.PhaseRcpt, command)
	r := RecipientResult{Address: address, Duration: s.clock.phase(smtperr.PhaseRcpt).Duration - before}
	if err == nil {
		err = s.acceptRecipient(smtperr.PhaseRcpt, &r, reply)
	}
	if err != nil {
		asError(err).Recipient = address
	}
	r.Accepted, r.Err = err == nil, err
	return r
}

// data sends DATA (RFC 5321 §4.1.1.4).
func (s *session) data() error { return s.commandOK(smtperr.PhaseData, "DATA") }

// body writes the message with dot-stuffing, but without the final dot. Until then
// the relay cannot accept it.
func (s *session) body() error {
	if err := s.checkUnsolicited(smtperr.PhaseBody); err != nil {
		return err
	}
	return s.timed(smtperr.PhaseBody, func() error {
		s.log.Note("(message of " + strconv.Itoa(s.envelope.message.Size()) + " bytes)")
		if _, err := s.envelope.message.WriteTo(s.conn.Writer(s.deadline)); err != nil {
			return s.writeError(smtperr.PhaseBody, err)
		}
		s.clock.running().Complete = true
		return nil
	})
}

// dot sends the final dot and reads one reply, or with LMTP one for each accepted
// recipient (RFC 2033 §4.2).
func (s *session) dot() error {
	if err := s.checkUnsolicited(smtperr.PhaseDot); err != nil {
		return err
	}
	var reply smtperr.Reply
	err := s.timed(smtperr.PhaseDot, func() (err error) {
		if err := s.send(smtperr.PhaseDot, ".", ".", s.deadline); err != nil {
			return err
		}
		s.inTransaction, s.res.DotSent = false, true
		if s.target.LMTP {
			return s.lmtpReplies()
		}
		if reply, err = s.reply(smtperr.PhaseDot, s.replyDeadline()); err != nil {
			// The relay may have accepted the message (RFC 5321 §6.1).
			asError(err).OutcomeUnknown = true
		}
		return err
	})
	if err != nil || s.target.LMTP {
		return err
	}
	err = s.accept(smtperr.PhaseDot, reply)
	s.res.MessageAccepted = err == nil
	return err
}

// acceptRecipient is accept for the reply for one recipient, which it stores in the
// result.
func (s *session) acceptRecipient(phase smtperr.Phase, r *RecipientResult, reply smtperr.Reply) error {
	state := s.replySession()
	state.Recipient = r.Address
	err := s.acceptIn(phase, reply, state)
	r.Reply = truncated(s.redacted(&reply, false))
	if err != nil {
		e := asError(err)
		e.Reply = truncated(s.redacted(e.Reply, false))
	}
	return err
}
