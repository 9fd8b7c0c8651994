package smtpprobe

import (
	"errors"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Expectation is an outcome that counts as success. Zero fields match any value.
type Expectation struct {
	Class  smtperr.Class
	Reason smtperr.Reason
	Code   int
	Phase  smtperr.Phase
}

// checkExpected reports whether the plan expects the outcome. If the plan expects
// an error and there is none, that is the error unexpected_success.
func (s *session) checkExpected() bool {
	expected := s.plan.Expect
	if len(expected) == 0 {
		return s.res.Err == nil
	}
	if s.res.Err == nil && !expectsNone(expected) {
		s.fail(s.unexpectedSuccess())
	}
	if slices.ContainsFunc(expected, func(e Expectation) bool { return e.matchesAtDepth(s.depth(), s.res.Err) }) {
		return true
	}
	if s.depth() == DepthRcpt && expectsRelayDenied(expected) {
		s.markUnchecked()
	}
	return false
}

// markUnchecked marks a refusal for another reason than relaying: whether the relay
// is open remains unknown.
func (s *session) markUnchecked() {
	if s.res.Err == nil {
		return
	}
	e := asError(s.res.Err)
	if e.Reply != nil && e.Class != smtperr.ClassUnexpectedSuccess && e.Reason != smtperr.ReasonRelayDenied {
		e.Unchecked = "open-relay check"
	}
}

// matchesAtDepth is Matches for a probe of a depth. A DepthRcpt probe that expects
// a refusal is an open-relay check. It only succeeds if relaying is denied: an
// unknown recipient, a block list or a full disk proves nothing.
func (e Expectation) matchesAtDepth(depth Depth, err error) bool {
	if depth == DepthRcpt && e.isBareRefusal() {
		denied := e
		denied.Reason = smtperr.ReasonRelayDenied
		return denied.Matches(err)
	}
	return e.Matches(err)
}

// isBareRefusal reports whether the expectation is that all recipients are refused,
// for any reason.
func (e Expectation) isBareRefusal() bool {
	return e.Class == smtperr.ClassRecipientsRefused && e.Reason == "" && e.Code == 0
}

// unexpectedSuccess returns the error of a relay that accepted what it is expected
// to refuse.
func (s *session) unexpectedSuccess() error {
	phase, reason := smtperr.PhaseDot, smtperr.ReasonExpectationMissed
	switch s.depth() {
	case DepthConnect:
		phase = smtperr.PhaseGreeting
	case DepthEHLO, DepthAuth:
		phase = s.lastPhase()
	case DepthRcpt:
		phase, reason = smtperr.PhaseRcpt, smtperr.ReasonOpenRelay
	}
	e := smtperr.New(smtperr.ClassUnexpectedSuccess, reason, phase, errors.New("the relay accepted what it is expected to refuse"))
	e.Reply = s.res.Reply
	return e
}

// lastPhase returns the last phase before RSET and QUIT.
func (s *session) lastPhase() smtperr.Phase {
	for _, p := range slices.Backward(s.clock.phases) {
		if p.Phase != smtperr.PhaseRset && p.Phase != smtperr.PhaseQuit && p.Phase != smtperr.PhaseTLS {
			return p.Phase
		}
	}
	return smtperr.PhaseConnect
}

// Matches reports whether err is the expected outcome. The class of nil is
// ClassNone.
//
// An expectation without reason and code does not match a temporary refusal of
// AUTH, MAIL, RCPT or the message, except with the reason relay_denied: after
// greylisting or overload the relay may accept the next attempt.
//
// In a DepthRcpt probe an expectation of just the class recipients_refused
// matches only the reason relay_denied.
func (e Expectation) Matches(err error) bool {
	if err == nil {
		return e.Class == smtperr.ClassNone
	}
	got := asError(err)
	switch {
	case e.Class != got.Class,
		e.Reason != "" && e.Reason != got.Reason,
		e.Code != 0 && e.Code != got.Code(),
		e.Phase != "" && e.Phase != got.Phase:
		return false
	}
	bare := e.Reason == "" && e.Code == 0
	return !bare || !isInconclusive(got)
}

// isInconclusive reports whether an error is a temporary refusal, so that the relay
// may accept the next attempt.
func isInconclusive(err *smtperr.Error) bool {
	switch err.Class {
	case smtperr.ClassAuthFailed, smtperr.ClassSenderRefused, smtperr.ClassRecipientRefused,
		smtperr.ClassRecipientsRefused, smtperr.ClassDataRefused:
		return err.Temporary() && err.Reason != smtperr.ReasonRelayDenied
	}
	return false
}

func expectsRelayDenied(expected []Expectation) bool {
	return slices.ContainsFunc(expected, func(e Expectation) bool {
		return e.Class == smtperr.ClassRecipientsRefused && (e.Reason == "" || e.Reason == smtperr.ReasonRelayDenied)
	})
}

func expectsNone(expected []Expectation) bool {
	return slices.ContainsFunc(expected, func(e Expectation) bool { return e.Class == smtperr.ClassNone })
}

// Reaches returns the depth that a probe reaches. With DepthSend and the expectation
// of a refusal it is DepthRcpt, so that no message is sent through an open relay.
func (p *Plan) Reaches() Depth {
	if p.depth() == DepthSend && !mayBeSent(p.Expect) {
		return DepthRcpt
	}
	return p.depth()
}

func (p *Plan) depth() Depth {
	if p.Depth == "" {
		return DepthEHLO
	}
	return p.Depth
}

// mayBeSent reports whether the expectations allow the message to be sent: there are
// none, or one is success or a refusal of the message itself.
func mayBeSent(expected []Expectation) bool {
	return len(expected) == 0 || slices.ContainsFunc(expected, func(e Expectation) bool {
		switch e.Phase {
		case smtperr.PhaseData, smtperr.PhaseBody, smtperr.PhaseDot:
			return true
		}
		return e.Class == smtperr.ClassNone || e.Class == smtperr.ClassDataRefused
	})
}
