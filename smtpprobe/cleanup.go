package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// quitGrace is how long QUIT may take beyond the probe's timeout.
const quitGrace = time.Second

// cleanUp abandons an open transaction, so that the relay logs no lost message
// (RFC 5321 §4.1.1.5), and ends the session (§4.1.1.10) whenever the relay would
// understand it. What fails here is secondary, with one exception: a relay that
// announced its leaving before it was asked to end.
func (s *session) cleanUp() {
	if s.conn == nil {
		return
	}
	if s.open && s.conn.InSync() && !s.closing {
		s.part(smtperr.PhaseRset, "RSET", s.replyDeadline())
	}
	if s.conn.InSync() {
		s.part(smtperr.PhaseQuit, "QUIT", s.quitDeadline())
	}
}

// quitDeadline gives the reply to QUIT what is left of the timeout and the
// grace, and a relay that sent 421 just the grace.
func (s *session) quitDeadline() time.Time {
	wait := s.prober.ReadTimeout
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

// part sends a command whose failure is secondary.
func (s *session) part(phase smtperr.Phase, verb string, deadline time.Time) {
	announced := s.closing // before: that the relay leaves is no news
	if err := s.unsolicited(phase); err != nil {
		if e := asError(err); e.Class == smtperr.ClassServiceUnavailable && s.res.Err == nil {
			// It is of no use any more, although it answered so far.
			e.Phase = smtperr.PhaseQuit
			s.failed(err)
		} else if !announced {
			s.res.Secondary = append(s.res.Secondary, err)
		}
		return
	}
	err := s.during(phase, func() error {
		if err := s.send(phase, verb, verb, deadline); err != nil {
			return err
		}
		reply, err := s.reply(phase, deadline)
		if err != nil {
			return err
		}
		return s.accept(phase, reply)
	})
	if err == nil {
		return
	}
	s.clock.phase(phase).Err = err
	if asError(err).Class == smtperr.ClassServiceUnavailable && !announced {
		s.warn(WarnQuit421)
	}
	if !announced {
		s.res.Secondary = append(s.res.Secondary, err)
	}
}
