package smtpprobe

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/wire"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// command sends one command and reads its reply, as one stretch of a phase.
func (s *session) command(phase smtperr.Phase, line string) (reply smtperr.Reply, err error) {
	if err := s.unsolicited(phase); err != nil {
		return smtperr.Reply{}, err
	}
	err = s.during(phase, func() error {
		reply, err = s.exchange(phase, line, line)
		return err
	})
	return reply, err
}

// ask is command for a reply that accept decides on.
func (s *session) ask(phase smtperr.Phase, line string) error {
	reply, err := s.command(phase, line)
	if err != nil {
		return err
	}
	return s.accept(phase, reply)
}

// exchange is command within a phase whose clock runs. shown is the line as
// others may see it.
func (s *session) exchange(phase smtperr.Phase, line, shown string) (smtperr.Reply, error) {
	if err := s.send(phase, line, shown, s.deadline); err != nil {
		return smtperr.Reply{}, err
	}
	return s.reply(phase, s.replyDeadline())
}

func (s *session) send(phase smtperr.Phase, line, shown string, deadline time.Time) error {
	s.trace.Command(phase, shown)
	if err := s.conn.SendSecret(line, shown, deadline); err != nil {
		return s.writeFailure(phase, err)
	}
	return nil
}

// reply reads the reply that is due in a phase.
func (s *session) reply(phase smtperr.Phase, deadline time.Time) (smtperr.Reply, error) {
	read := s.conn.Reply
	if phase == smtperr.PhaseGreeting {
		read = s.conn.Greeting
	}
	reply, err := read(deadline)
	if err != nil {
		return reply, s.readFailure(phase, err, deadline)
	}
	s.clock.replied(reply.Code)
	s.received(phase, reply)
	return reply, nil
}

// received is what every reply gets, whether it was due or not.
func (s *session) received(phase smtperr.Phase, reply smtperr.Reply) {
	s.closing = s.closing || reply.Code == 421
	reply.Lines = s.secrets.Mask(reply.Lines, phase == smtperr.PhaseAuth)
	s.trace.Reply(phase, reply)
}

// accept decides on the reply of a phase: nil if it is the one due. This is the
// one place where a reply becomes an error. One that breaks the protocol also
// means that the two sides no longer agree where they are.
func (s *session) accept(phase smtperr.Phase, reply smtperr.Reply) error {
	return s.acceptFor(phase, reply, s.replySession())
}

// acceptFor is accept where more is known of the session.
func (s *session) acceptFor(phase smtperr.Phase, reply smtperr.Reply, known smtperr.Session) error {
	err := smtperr.ClassifyReply(phase, reply, known)
	switch {
	case err != nil && asError(err).Class == smtperr.ClassProtocolError:
		s.conn.Desync()
	case err == nil && phase != smtperr.PhaseRset && phase != smtperr.PhaseQuit:
		kept := reply // a copy only where it is kept
		s.res.Reply = &kept
	}
	return err
}

// unsolicited looks for what the relay sent without being asked, before the next
// line of a phase is sent: a 421 is its shutdown notice (RFC 5321 §3.8), a
// refusal where the message is due is the message's, and anything else means
// that the two sides no longer agree where they are.
func (s *session) unsolicited(phase smtperr.Phase) error {
	if !s.conn.Unread() {
		return nil
	}
	reply, err := s.conn.Early()
	if err == nil {
		s.received(phase, reply)
	}
	// A command that is sent now would be taken for a part of the message.
	messageDue := phase == smtperr.PhaseBody || phase == smtperr.PhaseDot
	switch {
	case err == nil && messageDue && reply.Code >= 400:
		s.clock.phase(phase).Code = reply.Code
		return s.early(phase, reply)
	case err == nil && reply.Code == 421:
		s.conn.Resync()
		return smtperr.ClassifyReply(phase, reply, s.replySession())
	}
	s.clock.incomplete(phase)
	if s.canceled() {
		return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	}
	return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnsolicited, phase, errors.New("unsolicited reply"))
}

// early classifies a refusal that came before its time. While the message is
// written it is the one that the final dot would have got.
func (s *session) early(phase smtperr.Phase, reply smtperr.Reply) error {
	due := phase
	if phase == smtperr.PhaseBody {
		due = smtperr.PhaseDot
	}
	err := smtperr.ClassifyReply(due, reply, s.replySession())
	if err != nil {
		asError(err).Phase = phase
	}
	return err
}

// readFailure is the error of a reply that did not come, by a deadline.
func (s *session) readFailure(phase smtperr.Phase, err error, deadline time.Time) error {
	if isTimeout(err) && !s.conn.Stalled(deadline) && !s.canceled() {
		return smtperr.New(smtperr.ClassReadTimeout, s.silence(phase), phase, err)
	}
	return s.ioFailure(phase, err, deadline)
}

// silence is the reason of a reply that did not come in time.
func (s *session) silence(phase smtperr.Phase) smtperr.Reason {
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

// writeFailure is the error of a command or message that was not sent. It looks
// once whether the relay has said why: a reply or an alert that has arrived is
// the cause.
func (s *session) writeFailure(phase smtperr.Phase, err error) error {
	if s.canceled() {
		return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	}
	reply, readErr := s.conn.Early()
	if readErr == nil && reply.Code >= 400 {
		s.clock.replied(reply.Code)
		s.received(phase, reply)
		if refusal := s.early(phase, reply); refusal != nil {
			e := asError(refusal)
			e.Secondary = append(e.Secondary, err)
			return refusal
		}
	}
	if alert := smtperr.Classify(phase, readErr); alert != nil && asError(alert).Class == smtperr.ClassTLSError {
		return s.clientCertificate(alert)
	}
	if isTimeout(err) && !s.conn.Stalled(s.deadline) {
		return smtperr.New(smtperr.ClassWriteTimeout, "", phase, err)
	}
	return s.ioFailure(phase, err, s.deadline)
}

// ioFailure is the error of a connection that failed, whatever was due. A
// timeout that gets here is not the relay's.
func (s *session) ioFailure(phase smtperr.Phase, err error, deadline time.Time) error {
	violation, malformed := errors.AsType[*wire.ProtocolError](err)
	lost := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) // the latter within a TLS record
	switch {
	case s.canceled():
		return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	case malformed:
		return smtperr.New(smtperr.ClassProtocolError, violation.Reason, phase, err)
	case isTimeout(err) && s.conn.Stalled(deadline):
		return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonProberStalled, phase, err)
	case lost && s.conn.Partial():
		return smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonTruncatedReply, phase, io.ErrUnexpectedEOF)
	}
	return s.clientCertificate(smtperr.Classify(phase, err))
}

// replyDeadline is absolute for the reply that is due next, however slowly its
// bytes arrive.
func (s *session) replyDeadline() time.Time {
	if s.prober.ReadTimeout <= 0 {
		return s.deadline
	}
	if d := time.Now().Add(s.prober.ReadTimeout); d.Before(s.deadline) {
		return d
	}
	return s.deadline
}

// canceled distinguishes a context that was canceled from one whose deadline
// passed: that is a timeout of the phase it interrupts.
func (s *session) canceled() bool { return errors.Is(s.ctx.Err(), context.Canceled) }

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
