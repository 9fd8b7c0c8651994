package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// quitGrace is how long QUIT may take beyond the probe's timeout.
const quitGrace = time.Second

// reset abandons an open transaction (RFC 5321 §4.1.1.5), so that the relay
// logs no lost message. It never changes the verdict.
func (s *session) reset() {
	if !s.transaction || !s.inSync || s.closing {
		return
	}
	s.transaction = false
	s.afterwards(smtperr.PhaseRset, "RSET", s.replyDeadline())
}

// quit takes leave (RFC 5321 §4.1.1.10) whenever the relay would understand it.
func (s *session) quit() {
	if !s.inSync {
		return
	}
	s.afterwards(smtperr.PhaseQuit, "QUIT", s.quitDeadline())
}

// quitDeadline gives the reply to QUIT what is left of the timeout and a grace,
// and a relay that said 421 just the grace.
func (s *session) quitDeadline() time.Time {
	wait := s.plan.ReadTimeout
	if s.closing {
		wait = quitGrace
	}
	last := s.deadline.Add(quitGrace)
	if wait <= 0 {
		return last
	}
	if d := time.Now().Add(max(wait, quitGrace)); d.Before(last) {
		return d
	}
	return last
}

// afterwards is a command whose failure is secondary.
func (s *session) afterwards(phase smtperr.Phase, verb string, deadline time.Time) {
	told := s.closing // before: that it goes now is no news
	if err := s.farewell(phase, verb, deadline); err != nil && !told {
		s.res.Secondary = append(s.res.Secondary, err)
	}
}

func (s *session) farewell(phase smtperr.Phase, verb string, deadline time.Time) *smtperr.Error {
	if err := s.unsolicited(phase); err != nil {
		return err
	}
	s.begin(phase)
	err := s.parting(phase, verb, deadline)
	s.current.Err = err
	return err
}

func (s *session) parting(phase smtperr.Phase, verb string, deadline time.Time) *smtperr.Error {
	s.log.sent(verb)
	if err := s.send(phase, verb, deadline); err != nil {
		s.stop()
		return err
	}
	reply, err := s.reply(phase, deadline)
	if err != nil {
		s.stop()
		return err
	}
	s.end()
	return s.meaning(phase, reply)
}
