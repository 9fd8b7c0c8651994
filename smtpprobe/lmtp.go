package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// lmtpReplies reads a reply for each accepted recipient, in their order. If the
// connection fails, the results of the previous recipients remain valid.
func (s *session) lmtpReplies() error {
	var refusals []*smtperr.Error
	for k, i := range s.accepted {
		r := &s.res.Recipients[i]
		replied, err := s.lmtpReply(r)
		last := k == len(s.accepted)-1
		if err == nil {
			s.res.MessageAccepted = true
		}
		if !replied || err != nil && (s.closing || !s.conn.InSync()) {
			s.clock.running().Complete = last && replied
			s.markUnknown(err, replied, s.accepted[k:])
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

// lmtpReply reads the reply for one recipient. If there is none, replied is false.
func (s *session) lmtpReply(r *RecipientResult) (replied bool, err error) {
	started := time.Now()
	reply, err := s.reply(smtperr.PhaseDot, s.replyDeadline())
	took := time.Since(started)
	if arrived := s.conn.Arrived(); arrived.After(started) {
		took = arrived.Sub(started)
	}
	r.Duration += took
	if err != nil {
		return false, err
	}
	if err = s.acceptRecipient(smtperr.PhaseDot, r, reply); err != nil {
		r.Accepted, r.Err = false, err
	}
	return true, err
}

// markUnknown marks the recipients without a reply: it is unknown whether the
// message is delivered to them. The first one has a reply if replied is true.
func (s *session) markUnknown(err error, replied bool, rest []int) {
	e := asError(err)
	for k, i := range rest {
		if k == 0 && replied {
			continue
		}
		r := &s.res.Recipients[i]
		r.Accepted, r.Reply, r.Err = false, nil, e
		e.OutcomeUnknown = true
	}
}
