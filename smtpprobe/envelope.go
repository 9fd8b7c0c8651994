package smtpprobe

import (
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
