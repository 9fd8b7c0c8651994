package smtpprobe

import (
	"strconv"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/hostname"
	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// envelope has the addresses of a transaction as they are sent, and with DepthSend
// the message.
type envelope struct {
	from     string
	to       []string
	utf8     bool // an address or a header needs SMTPUTF8 (RFC 6531)
	eightBit bool // the body needs 8BITMIME (RFC 6152)
	message  message.Message
}

// buildEnvelope parses the addresses and builds the message.
func (s *session) buildEnvelope() error {
	if !s.depth().includes(DepthRcpt) {
		return nil
	}
	e := &s.envelope
	from, utf8, err := message.ParseSender(s.plan.From)
	if err != nil {
		return invalidPlan(smtperr.ReasonInvalidAddress, err)
	}
	e.from, e.utf8 = from, utf8
	for _, address := range s.plan.To {
		to, utf8, err := message.ParseAddress(address)
		if err != nil {
			return invalidPlan(smtperr.ReasonInvalidAddress, err)
		}
		e.to = append(e.to, to)
		e.utf8 = e.utf8 || utf8
	}
	if s.depth() != DepthSend {
		return nil
	}
	if err := s.buildMessage(s.plan.Message); err != nil {
		return err
	}
	e.utf8 = e.utf8 || e.message.NeedsSMTPUTF8
	e.eightBit = e.message.Needs8Bit
	return nil
}

func (s *session) buildMessage(content message.Content) error {
	m, err := message.Build(message.Options{
		Envelope: message.Envelope{From: s.plan.From, To: s.plan.To, Helo: s.author()},
		Content:  content,
	})
	if err != nil {
		return invalidPlan("", err)
	}
	s.envelope.message, s.res.MessageID = m, m.ID
	return nil
}

// identify builds the message again with its identity, if it is to be followed. The
// identity is requested only when the message is about to be sent.
func (s *session) identify() error {
	if s.depth() != DepthSend || s.plan.Identify == nil {
		return nil
	}
	content := s.plan.Message
	var err error
	if content.ID, err = s.plan.Identify(); err != nil {
		return smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseMail, err)
	}
	return s.buildMessage(content)
}

// author returns the name of this host as the author of a message with a null
// sender. There is no connection yet whose local address could be used.
func (s *session) author() string {
	switch {
	case s.prober.Helo != "":
		return s.prober.Helo
	case s.plan.From != "":
		return ""
	}
	if name := hostname.Local(); name != "" {
		return name
	}
	return addressLiteral(hostname.LocalAddr())
}

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

// lmtpReplies reads a reply for each accepted recipient, in their order. If the
// connection fails, the results of the previous recipients remain valid.
func (s *session) lmtpReplies() error {
	var refusals []*smtperr.Error
	for k, i := range s.accepted {
		r := &s.res.Recipients[i]
		err, lost := s.lmtpReply(r)
		last := k == len(s.accepted)-1
		if err == nil {
			s.res.MessageAccepted = true
		}
		if lost || err != nil && (s.closing || !s.conn.InSync()) {
			s.clock.running().Complete = last && !lost
			s.markUnknown(err, lost, s.accepted[k:])
			s.fail(smtperr.Refusals(smtperr.PhaseDot, refusals, 1))
			return err
		}
		if err != nil {
			refusals = append(refusals, asError(err))
		}
		s.clock.running().Complete = last
	}
	return smtperr.Refusals(smtperr.PhaseDot, refusals, len(s.accepted)-len(refusals))
}

// lmtpReply reads the reply for one recipient. The result lost reports that there
// was none.
func (s *session) lmtpReply(r *RecipientResult) (err error, lost bool) { //nolint:revive // the error explains the other result
	started := time.Now()
	reply, err := s.reply(smtperr.PhaseDot, s.replyDeadline())
	took := time.Since(started)
	if arrived := s.conn.Arrived(); arrived.After(started) {
		took = arrived.Sub(started)
	}
	r.Duration += took
	if err != nil {
		return err, true
	}
	if err = s.acceptRecipient(smtperr.PhaseDot, r, reply); err != nil {
		r.Accepted, r.Err = false, err
	}
	return err, false
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

// markUnknown marks the recipients without a reply: it is unknown whether the
// message is delivered to them. The first one has a reply unless lost is true.
func (s *session) markUnknown(err error, lost bool, rest []int) {
	e := asError(err)
	for k, i := range rest {
		if k == 0 && !lost {
			continue
		}
		r := &s.res.Recipients[i]
		r.Accepted, r.Reply, r.Err = false, nil, e
		e.OutcomeUnknown = true
	}
}
