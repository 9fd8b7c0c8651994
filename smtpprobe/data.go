package smtpprobe

import (
	"strconv"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// data asks to send the message (RFC 5321 §4.1.1.4).
func (s *session) data() *smtperr.Error {
	reply, err := s.command(smtperr.PhaseData, "DATA")
	if err != nil {
		return err
	}
	return s.meaning(smtperr.PhaseData, reply)
}

// body writes the message, dot-stuffed, without the final dot. Up to here
// nobody can take it for sent.
func (s *session) body() *smtperr.Error {
	if err := s.unsolicited(smtperr.PhaseBody); err != nil {
		return err
	}
	s.begin(smtperr.PhaseBody)
	s.log.sent("(message of " + strconv.Itoa(s.message.message.Size()) + " octets)")
	w := &bodyWriter{s: s}
	if _, err := s.message.message.WriteTo(w); err != nil {
		s.stop()
		return s.writeFailure(smtperr.PhaseBody, err)
	}
	s.end()
	return nil
}

// bodyWriter writes to the relay within the probe's deadline.
type bodyWriter struct{ s *session }

func (w *bodyWriter) Write(b []byte) (int, error) {
	if err := w.s.armWrite(w.s.deadline); err != nil {
		return 0, err
	}
	w.s.inSync = false
	return w.s.conn.Write(b)
}

// dot ends the message and waits for what becomes of it: one reply, or with
// LMTP one for each accepted recipient (RFC 2033 §4.2).
func (s *session) dot() *smtperr.Error {
	if err := s.unsolicited(smtperr.PhaseDot); err != nil {
		return err
	}
	s.begin(smtperr.PhaseDot)
	s.log.sent(".")
	if err := s.send(smtperr.PhaseDot, ".", s.deadline); err != nil {
		s.stop()
		return err
	}
	s.transaction = false
	s.res.DotSent, s.inDoubt = true, true
	verdict := s.delivery()
	s.inDoubt = false
	return verdict
}

func (s *session) delivery() *smtperr.Error {
	if s.target.LMTP {
		return s.deliveries()
	}
	reply, err := s.reply(smtperr.PhaseDot, s.replyDeadline())
	if err != nil {
		s.stop()
		return err
	}
	s.end()
	if err := s.meaning(smtperr.PhaseDot, reply); err != nil {
		return err
	}
	s.res.MessageAccepted = true
	s.decisive(reply)
	return nil
}

// deliveries reads LMTP's replies, in the order of the accepted recipients.
// What was said for some stands, even if the rest is lost.
func (s *session) deliveries() *smtperr.Error {
	var refusals []*smtperr.Error
	for k, i := range s.accepted {
		started := time.Now()
		r := &s.res.Recipients[i]
		reply, err := s.reply(smtperr.PhaseDot, s.replyDeadline())
		if err == nil {
			if refusal := s.deliveryMeaning(r.Address, reply); refusal == nil {
				s.res.MessageAccepted = true
				s.decisive(reply)
			} else {
				r.Accepted, r.Err = false, refusal
				refusals = append(refusals, refusal)
			}
			r.Reply = &reply
		}
		r.Duration += s.since(started)
		if err == nil && !s.closing && s.inSync {
			continue
		}
		end := s.stop
		if err == nil {
			err, refusals = refusals[len(refusals)-1], refusals[:len(refusals)-1]
			if k == len(s.accepted)-1 {
				end = s.end
			}
		}
		s.lost(err, s.accepted[k:])
		end()
		s.refused(smtperr.PhaseDot, refusals, 1)
		return err
	}
	s.end()
	return sumOf(smtperr.PhaseDot, refusals, len(s.accepted)-len(refusals))
}

// lost marks the recipients whose reply will not come.
func (s *session) lost(err *smtperr.Error, rest []int) {
	for _, i := range rest {
		if r := &s.res.Recipients[i]; r.Err == nil {
			r.Accepted, r.Reply, r.Err = false, nil, err
			err.OutcomeUnknown = true
		}
	}
}

func (s *session) deliveryMeaning(address string, reply smtperr.Reply) *smtperr.Error {
	c := s.circumstances()
	c.Recipient = address
	err := classifyReply(smtperr.PhaseDot, reply, c)
	if err != nil && err.Class == smtperr.ClassProtocolError {
		s.inSync = false
	}
	return err
}
