package smtpprobe

import (
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// quitGrace is the time that QUIT may take beyond the timeout of the probe.
const quitGrace = time.Second

// cleanUp sends RSET to abort an open transaction, so that the relay does not log
// a lost message (RFC 5321 §4.1.1.5), and QUIT (§4.1.1.10), unless the session is
// out of sync. The errors are secondary, with one exception: a 421 before the
// command.
func (s *session) cleanUp() {
	if s.conn == nil {
		return
	}
	if s.inTransaction && s.conn.InSync() && !s.closing {
		s.finalCommand(smtperr.PhaseRset, "RSET", s.replyDeadline())
	}
	if s.conn.InSync() {
		s.finalCommand(smtperr.PhaseQuit, "QUIT", s.quitDeadline())
	}
}

// quitDeadline returns the deadline of the reply to QUIT: that of any reply plus
// quitGrace, or just quitGrace after a 421.
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

// finalCommand sends a command whose errors are secondary. After a 421 they are
// not reported: the relay has announced that it closes the connection.
func (s *session) finalCommand(phase smtperr.Phase, verb string, deadline time.Time) {
	announced := s.closing
	if err := s.checkUnsolicited(phase); err != nil {
		if e := asError(err); e.Class == smtperr.ClassServiceUnavailable && s.res.Err == nil {
			// The relay closes the connection: it is not available to other clients.
			e.Phase = smtperr.PhaseQuit
			s.fail(err)
		} else if !announced {
			s.res.Secondary = append(s.res.Secondary, err)
		}
		return
	}
	err := s.timed(phase, func() error {
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
	if announced {
		return
	}
	if asError(err).Class == smtperr.ClassServiceUnavailable {
		s.warn(WarnQuit421)
	}
	s.res.Secondary = append(s.res.Secondary, err)
}
