package smtpprobe

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/wire"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// command sends a command and reads its reply, on the clock of a phase.
func (s *session) command(phase smtperr.Phase, line string) (reply smtperr.Reply, err error) {
	if err := s.checkUnsolicited(phase); err != nil {
		return smtperr.Reply{}, err
	}
	err = s.timed(phase, func() error {
		reply, err = s.exchange(phase, line, line)
		return err
	})
	return reply, err
}

// commandOK is like command, but returns an error unless the relay accepts the
// command.
func (s *session) commandOK(phase smtperr.Phase, line string) error {
	reply, err := s.command(phase, line)
	if err != nil {
		return err
	}
	return s.accept(phase, reply)
}

// exchange sends a line and reads the reply. The caller runs the clock of the
// phase. Trace and transcript show the redacted form of the line.
func (s *session) exchange(phase smtperr.Phase, line, redacted string) (smtperr.Reply, error) {
	if err := s.send(phase, line, redacted, s.deadline); err != nil {
		return smtperr.Reply{}, err
	}
	return s.reply(phase, s.replyDeadline())
}

func (s *session) send(phase smtperr.Phase, line, redacted string, deadline time.Time) error {
	s.trace.Command(phase, redacted)
	if err := s.conn.SendSecret(line, redacted, deadline); err != nil {
		return s.writeError(phase, err)
	}
	return nil
}

// reply reads the next reply of a phase.
func (s *session) reply(phase smtperr.Phase, deadline time.Time) (smtperr.Reply, error) {
	read := s.conn.Reply
	if phase == smtperr.PhaseGreeting {
		read = s.conn.Greeting
	}
	reply, err := read(deadline)
	if err != nil {
		return reply, s.readError(phase, err, deadline)
	}
	s.clock.reply(reply.Code)
	s.received(phase, reply)
	return reply, nil
}

// received records a reply, solicited or not.
func (s *session) received(phase smtperr.Phase, reply smtperr.Reply) {
	if reply.Code == 421 {
		s.closing = true
	}
	if s.trace.Reply != nil {
		reply.Lines = s.secrets.Mask(reply.Lines, phase == smtperr.PhaseAuth)
		s.trace.Reply(phase, reply)
	}
}

// accept returns nil if a reply accepts the command of its phase, else the
// classified error. After a reply that violates the protocol the session is out
// of sync.
func (s *session) accept(phase smtperr.Phase, reply smtperr.Reply) error {
	return s.acceptIn(phase, reply, s.replySession())
}

// acceptIn is like accept, with another state of the session.
func (s *session) acceptIn(phase smtperr.Phase, reply smtperr.Reply, state smtperr.Session) error {
	err := smtperr.ClassifyReply(phase, reply, state)
	switch {
	case err != nil && asError(err).Class == smtperr.ClassProtocolError:
		s.conn.Desync()
	case err == nil && phase != smtperr.PhaseRset && phase != smtperr.PhaseQuit:
		kept := reply // only this copy escapes to the heap
		s.res.Reply = &kept
	}
	return err
}

// checkUnsolicited checks for data that the relay sent without being asked,
// before a line of a phase is sent. A 421 announces that the relay closes the
// connection (RFC 5321 §3.8), and a refusal before the message is that of the
// message. Anything else means that the session is out of sync.
func (s *session) checkUnsolicited(phase smtperr.Phase) error {
	if !s.conn.HasUnread() {
		return nil
	}
	reply, err := s.conn.ReadUnsolicited()
	if err == nil {
		s.received(phase, reply)
	}
	// Between DATA and the final dot a command would become part of the message,
	// so that even after a 421 the session remains out of sync.
	inMessage := phase == smtperr.PhaseBody || phase == smtperr.PhaseDot
	switch {
	case err == nil && inMessage && reply.Code >= 400:
		s.clock.phase(phase).Code = reply.Code
		return s.earlyRefusal(phase, reply)
	case err == nil && reply.Code == 421:
		s.conn.Resync()
		return smtperr.ClassifyReply(phase, reply, s.replySession())
	}
	s.clock.incomplete(phase)
	if s.canceled() {
		return s.canceledError(phase)
	}
	return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnsolicited, phase, errors.New("unsolicited reply"))
}

// earlyRefusal classifies a refusal that arrived before the relay was asked.
// During the message it is classified like the reply to the final dot.
func (s *session) earlyRefusal(phase smtperr.Phase, reply smtperr.Reply) error {
	answered := phase
	if phase == smtperr.PhaseBody {
		answered = smtperr.PhaseDot
	}
	err := smtperr.ClassifyReply(answered, reply, s.replySession())
	if err != nil {
		asError(err).Phase = phase
	}
	return err
}

// readError classifies the error of a reply that was not received by a deadline.
func (s *session) readError(phase smtperr.Phase, err error, deadline time.Time) error {
	if isTimeout(err) && !s.conn.Stalled(deadline) && !s.canceled() {
		return smtperr.New(smtperr.ClassReadTimeout, s.readTimeoutReason(phase), phase, err)
	}
	return s.connError(phase, err, deadline)
}

func (s *session) readTimeoutReason(phase smtperr.Phase) smtperr.Reason {
	switch {
	case s.conn.Partial():
		return smtperr.ReasonSlowReply
	case s.conn.Unacknowledged():
		return smtperr.ReasonNoAck
	case phase == smtperr.PhaseGreeting:
		return smtperr.ReasonNoGreeting
	}
	return smtperr.ReasonNoReply
}

// writeError classifies the error of a command or message that was not sent. If a
// refusal or a TLS alert has arrived, that is the cause.
func (s *session) writeError(phase smtperr.Phase, err error) error {
	if s.canceled() {
		return s.canceledError(phase)
	}
	reply, readErr := s.conn.ReadUnsolicited()
	if readErr == nil && reply.Code >= 400 {
		s.clock.reply(reply.Code)
		s.received(phase, reply)
		if refusal := s.earlyRefusal(phase, reply); refusal != nil {
			e := asError(refusal)
			e.Secondary = append(e.Secondary, err)
			return refusal
		}
	}
	if alert := smtperr.Classify(phase, readErr); alert != nil && asError(alert).Class == smtperr.ClassTLSError {
		return s.explainAlert(alert)
	}
	if isTimeout(err) && !s.conn.Stalled(s.deadline) {
		return smtperr.New(smtperr.ClassWriteTimeout, "", phase, err)
	}
	return s.connError(phase, err, s.deadline)
}

// connError classifies an error of the connection. Timeouts that are the relay's
// fault are classified before.
func (s *session) connError(phase smtperr.Phase, err error, deadline time.Time) error {
	violation, malformed := errors.AsType[*wire.ProtocolError](err)
	closed := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) // the latter within a TLS record
	switch {
	case s.canceled():
		return s.canceledError(phase)
	case malformed:
		return smtperr.New(smtperr.ClassProtocolError, violation.Reason, phase, err)
	case isTimeout(err) && s.conn.Stalled(deadline):
		return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, phase, err)
	case closed && s.conn.Partial():
		return smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonTruncatedReply, phase, io.ErrUnexpectedEOF)
	}
	return s.explainAlert(smtperr.Classify(phase, err))
}

func (s *session) canceledError(phase smtperr.Phase) error {
	return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
}

// replyDeadline returns the deadline of the next reply. It does not move when
// part of the reply arrives.
func (s *session) replyDeadline() time.Time {
	if s.prober.ReadTimeout <= 0 {
		return s.deadline
	}
	if d := time.Now().Add(s.prober.ReadTimeout); d.Before(s.deadline) {
		return d
	}
	return s.deadline
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
