package smtpprobe

import (
	"strconv"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/message"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// payload is what the transaction is about: the addresses in the form they are
// sent, and with DepthSend the message.
type payload struct {
	from     string
	to       []string
	utf8     bool // an address or a header needs SMTPUTF8 (RFC 6531)
	eightBit bool // the body needs 8BITMIME (RFC 6152)
	message  message.Message
}

// mail opens the transaction (RFC 5321 §4.1.1.2), once everything that the
// relay's EHLO rules out is ruled out.
func (s *session) mail() *smtperr.Error {
	command, err := s.mailCommand()
	if err != nil {
		return err
	}
	reply, err := s.command(smtperr.PhaseMail, command)
	if err != nil {
		return err
	}
	if err := s.meaning(smtperr.PhaseMail, reply); err != nil {
		return err
	}
	s.transaction = true
	s.decisive(reply)
	return nil
}

// ready finds what is wrong with target or plan before anybody is bothered.
func (s *session) ready() *smtperr.Error {
	if err := s.target.check(); err != nil {
		return err
	}
	if err := s.plan.check(); err != nil {
		return err
	}
	return s.prepare()
}

// prepare builds what will be sent.
func (s *session) prepare() *smtperr.Error {
	if !s.depth().reaches(DepthRcpt) {
		return nil
	}
	p := &s.message
	from, utf8, err := message.ParseSender(s.plan.From)
	if err != nil {
		return smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConfig, err)
	}
	p.from, p.utf8 = from, utf8
	for _, address := range s.plan.To {
		to, utf8, err := message.ParseAddress(address)
		if err != nil {
			return smtperr.New(smtperr.ClassConfigError, smtperr.ReasonInvalidAddress, smtperr.PhaseConfig, err)
		}
		p.to = append(p.to, to)
		p.utf8 = p.utf8 || utf8
	}
	if s.depth() != DepthSend {
		return nil
	}
	m, err := message.Build(s.plan.messageOptions())
	if err != nil {
		return smtperr.New(smtperr.ClassConfigError, "", smtperr.PhaseConfig, err)
	}
	p.message = m
	p.utf8 = p.utf8 || m.NeedsSMTPUTF8
	p.eightBit = m.Needs8Bit
	s.res.MessageID = m.ID
	return nil
}

// mailCommand is MAIL with the parameters that the relay offers, or what it
// lacks.
func (s *session) mailCommand() (string, *smtperr.Error) {
	var b strings.Builder
	b.WriteString("MAIL FROM:<" + s.message.from + ">")
	if s.message.utf8 {
		if !s.caps.Has("SMTPUTF8") {
			return "", smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonSMTPUTF8NotOffered, smtperr.PhaseMail, nil)
		}
		b.WriteString(" SMTPUTF8")
	}
	if s.depth() != DepthSend {
		return b.String(), nil
	}
	size := int64(s.message.message.Size())
	if s.caps.Has("SIZE") {
		if s.caps.Size > 0 && size > s.caps.Size {
			return "", smtperr.New(smtperr.ClassNotSupported, smtperr.ReasonMessageTooLarge, smtperr.PhaseMail, nil)
		}
		b.WriteString(" SIZE=" + strconv.FormatInt(size, 10))
	}
	if (s.message.eightBit || s.message.utf8) && s.caps.Has("8BITMIME") {
		b.WriteString(" BODY=8BITMIME")
	}
	return b.String(), nil
}

// rcpt names the recipients (RFC 5321 §4.1.1.3). One that is refused does not
// keep the others from being asked.
func (s *session) rcpt() *smtperr.Error {
	suffix := ""
	if s.caps.Has("DSN") && s.depth() == DepthSend {
		suffix = " NOTIFY=NEVER" // no bounce to anybody for a test (RFC 3461 §4.1)
	}
	refusals := make([]*smtperr.Error, 0, len(s.message.to))
	for i, to := range s.message.to {
		refusal, err := s.recipient(s.plan.To[i], "RCPT TO:<"+to+">"+suffix)
		if err != nil {
			s.refused(smtperr.PhaseRcpt, refusals, 1)
			return err
		}
		if refusal == nil {
			continue
		}
		refusals = append(refusals, refusal)
		if s.closing {
			break
		}
	}
	accepted := len(s.accepted)
	if accepted > 0 && !s.closing {
		// The refusal stays the verdict, and the message goes to the others.
		s.refused(smtperr.PhaseRcpt, refusals, accepted)
		return nil
	}
	return sumOf(smtperr.PhaseRcpt, refusals, accepted)
}

// refused makes refused recipients the verdict of a conversation that goes on.
func (s *session) refused(phase smtperr.Phase, refusals []*smtperr.Error, accepted int) {
	if err := sumOf(phase, refusals, accepted); err != nil {
		s.verdict(err)
	}
}

// recipient asks for one recipient. A refusal is that recipient's own; an
// error ends the conversation.
func (s *session) recipient(address, command string) (refusal, failure *smtperr.Error) {
	before := s.phase(smtperr.PhaseRcpt).Duration
	r := RecipientResult{Address: address}
	reply, err := s.command(smtperr.PhaseRcpt, command)
	r.Duration = s.phase(smtperr.PhaseRcpt).Duration - before
	if err == nil {
		r.Reply = &reply
		refusal = s.rcptMeaning(address, reply)
		if refusal == nil {
			r.Accepted = true
			s.accepted = append(s.accepted, len(s.res.Recipients))
			s.decisive(reply)
		} else if refusal.Class == smtperr.ClassProtocolError {
			err, refusal = refusal, nil
		}
	}
	r.Err = refusal
	if err != nil {
		err.Recipient = address
		r.Err = err
	}
	s.res.Recipients = append(s.res.Recipients, r)
	return refusal, err
}

func (s *session) rcptMeaning(address string, reply smtperr.Reply) *smtperr.Error {
	c := s.circumstances()
	c.Recipient = address
	err := classifyReply(smtperr.PhaseRcpt, reply, c)
	if err != nil && err.Class == smtperr.ClassProtocolError {
		s.inSync = false
	}
	return err
}
