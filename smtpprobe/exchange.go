package smtpprobe

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// afterWrite bounds the one read that follows a failed write (rule 10 of the
// taxonomy): only what is already there counts.
const afterWrite = 100 * time.Millisecond

// decrypting bounds the look at what the kernel holds of a TLS session: it may
// be a session ticket, with nothing after it.
const decrypting = time.Millisecond

// command sends one command and reads its reply, as one stretch of a phase.
func (s *session) command(phase smtperr.Phase, line string) (smtperr.Reply, *smtperr.Error) {
	if err := s.unsolicited(phase); err != nil {
		return smtperr.Reply{}, err
	}
	s.begin(phase)
	reply, err := s.exchange(phase, line, line)
	if err != nil {
		s.stop()
		return reply, err
	}
	s.end()
	return reply, nil
}

// exchange is command inside a phase whose clock runs already. shown is how
// the transcript shows the line.
func (s *session) exchange(phase smtperr.Phase, line, shown string) (smtperr.Reply, *smtperr.Error) {
	s.log.sent(shown)
	if err := s.send(phase, line, s.deadline); err != nil {
		return smtperr.Reply{}, err
	}
	return s.reply(phase, s.replyDeadline())
}

// reply reads the reply that is due in a phase.
func (s *session) reply(phase smtperr.Phase, deadline time.Time) (smtperr.Reply, *smtperr.Error) {
	reply, err := s.read(deadline)
	if err != nil {
		return reply, s.readFailure(phase, err)
	}
	s.current.Code = reply.Code
	return reply, nil
}

// read takes the next reply from the connection.
func (s *session) read(deadline time.Time) (smtperr.Reply, error) {
	s.inSync, s.heard = false, time.Time{}
	if err := s.armRead(deadline); err != nil {
		return smtperr.Reply{}, err
	}
	reply, err := s.in.next()
	if err != nil {
		return reply, err
	}
	s.inSync, s.heard = true, s.kernel.Arrived()
	s.closing = s.closing || reply.Code == 421
	s.mask(&reply)
	if reply.EnhancedMismatch && !s.warned(WarnEnhancedMismatch) {
		s.res.Warnings = append(s.res.Warnings, WarnEnhancedMismatch)
	}
	s.log.received(reply)
	return reply, nil
}

func (s *session) armRead(deadline time.Time) error {
	return s.arm(&s.readBy, deadline, s.conn.SetReadDeadline)
}

func (s *session) armWrite(deadline time.Time) error {
	return s.arm(&s.writeBy, deadline, s.conn.SetWriteDeadline)
}

// arm sets a deadline that is not set already, unless the context has ended.
// The order matters: whoever ends the context sets a deadline in the past
// afterwards, so that one of the two is always seen.
func (s *session) arm(armed *time.Time, deadline time.Time, set func(time.Time) error) error {
	if !armed.Equal(deadline) {
		if err := set(deadline); err != nil {
			return err
		}
		*armed = deadline
	}
	if errors.Is(s.ctx.Err(), context.Canceled) {
		return s.ctx.Err()
	}
	return nil
}

// send writes a command line.
func (s *session) send(phase smtperr.Phase, line string, deadline time.Time) *smtperr.Error {
	s.out = append(append(s.out[:0], line...), "\r\n"...)
	return s.write(phase, s.out, deadline)
}

// write sends bytes; a failure looks once whether the relay has said why.
func (s *session) write(phase smtperr.Phase, b []byte, deadline time.Time) *smtperr.Error {
	s.inSync = false
	err := s.armWrite(deadline)
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err == nil {
		return nil
	}
	return s.writeFailure(phase, err)
}

func (s *session) writeFailure(phase smtperr.Phase, err error) *smtperr.Error {
	if s.canceled() {
		return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	}
	reply, readErr := s.read(time.Now().Add(afterWrite))
	s.inSync = false // half a command is on its way
	if readErr == nil && reply.Code >= 400 {
		s.current.Code = reply.Code
		if refusal := s.early(phase, reply); refusal != nil {
			refusal.Secondary = append(refusal.Secondary, err)
			return refusal
		}
	}
	if verdict := classify(phase, readErr); verdict != nil && verdict.Class == smtperr.ClassTLSError {
		return s.clientCertificate(verdict)
	}
	if isTimeout(err) {
		return smtperr.New(smtperr.ClassWriteTimeout, "", phase, err)
	}
	return classify(phase, err)
}

// early classifies a reply that came before its time. A refusal while the
// message is written is the one the final dot would have got.
func (s *session) early(phase smtperr.Phase, reply smtperr.Reply) *smtperr.Error {
	due := phase
	if phase == smtperr.PhaseBody {
		due = smtperr.PhaseDot
	}
	refusal := classifyReply(due, reply, s.circumstances())
	if refusal != nil {
		refusal.Phase = phase
	}
	return refusal
}

// readFailure says what it means that a reply did not come.
func (s *session) readFailure(phase smtperr.Phase, err error) *smtperr.Error {
	var verdict *smtperr.Error
	v, malformed := asViolation(err)
	switch {
	case s.canceled():
		verdict = smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	case malformed:
		verdict = smtperr.New(smtperr.ClassProtocolError, v.reason, phase, err)
	case isTimeout(err):
		verdict = smtperr.New(smtperr.ClassReadTimeout, s.silence(phase), phase, err)
	case s.in.partial && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)): // within a TLS record
		verdict = smtperr.New(smtperr.ClassDisconnected, smtperr.ReasonTruncatedReply, phase, io.ErrUnexpectedEOF)
	default:
		verdict = s.clientCertificate(classify(phase, err))
	}
	// Whatever lost the reply to the dot, the relay may have taken the message.
	verdict.OutcomeUnknown = s.inDoubt
	return verdict
}

// silence is the reason of a reply that did not come in time.
func (s *session) silence(phase smtperr.Phase) smtperr.Reason {
	switch {
	case s.in.partial:
		return smtperr.ReasonSlowReply
	case phase == smtperr.PhaseGreeting:
		return smtperr.ReasonNoGreeting
	}
	return smtperr.ReasonNoReply
}

// unsolicited looks for what the relay said without being asked, before the
// next line of a phase is sent: a 421 is its shutdown notice (RFC 5321 §3.8), a
// refusal where the message is due is the message's, and anything else means
// that the two sides no longer agree where they are.
func (s *session) unsolicited(phase smtperr.Phase) *smtperr.Error {
	if !s.spoken() {
		return nil
	}
	reply, err := s.read(time.Now().Add(afterWrite))
	s.inSync = false
	// A command that is sent now would be taken for a part of the message.
	messageDue := phase == smtperr.PhaseBody || phase == smtperr.PhaseDot
	switch {
	case err == nil && messageDue && reply.Code >= 400:
		s.phase(phase).Code = reply.Code
		return s.early(phase, reply)
	case err == nil && reply.Code == 421:
		s.inSync = true
		return classifyReply(phase, reply, s.circumstances())
	}
	s.unfinish(phase)
	if s.canceled() {
		return smtperr.New(smtperr.ClassCanceled, "", phase, s.ctx.Err())
	}
	return smtperr.New(smtperr.ClassProtocolError, smtperr.ReasonUnsolicited, phase,
		errors.New("the relay spoke without being asked"))
}

// spoken tells whether something has come that no reply has taken. It does not
// wait, but where TLS has bytes to decrypt that may be none of the relay's words.
func (s *session) spoken() bool {
	if s.in.buffered() > 0 {
		return true
	}
	pending := s.kernel.Pending()
	if !s.encrypted {
		return pending
	}
	// A deadline in the past still yields the records that TLS holds already.
	deadline := time.Unix(1, 0)
	if pending {
		deadline = time.Now().Add(decrypting)
	}
	if s.armRead(deadline) != nil {
		return false
	}
	return s.in.fill() == nil
}

// replyDeadline is absolute for the reply that is due next, however its bytes
// trickle in.
func (s *session) replyDeadline() time.Time {
	if s.plan.ReadTimeout <= 0 {
		return s.deadline
	}
	if d := time.Now().Add(s.plan.ReadTimeout); d.Before(s.deadline) {
		return d
	}
	return s.deadline
}

// canceled tells an ended context from one whose deadline passed: that is a
// timeout of the phase it interrupts.
func (s *session) canceled() bool { return errors.Is(s.ctx.Err(), context.Canceled) }

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func (s *session) warned(w Warning) bool {
	for _, have := range s.res.Warnings {
		if have == w {
			return true
		}
	}
	return false
}
