package smtpprobe

import (
	"errors"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Expectation is one outcome that counts as success; zero fields match any.
type Expectation struct {
	Class  smtperr.Class
	Reason smtperr.Reason
	Code   int
	Phase  smtperr.Phase
}

// judge reports whether the outcome is what the plan expects, and turns a
// session without error into the failure it is where one was expected.
func (s *session) judge() bool {
	expected := s.plan.Expect
	if len(expected) == 0 {
		return s.res.Err == nil
	}
	if s.res.Err == nil && !expectsNone(expected) {
		s.failed(s.unexpectedSuccess())
	}
	if slices.ContainsFunc(expected, func(e Expectation) bool { return e.matchesAt(s.depth(), s.res.Err) }) {
		return true
	}
	if s.depth() == DepthRcpt && expectsRelayDenied(expected) {
		s.openRelayUnchecked()
	}
	return false
}

// openRelayUnchecked marks a refusal for another reason than relaying: it leaves
// undecided whether the relay is open.
func (s *session) openRelayUnchecked() {
	if s.res.Err == nil {
		return
	}
	e := asError(s.res.Err)
	if e.Reply != nil && e.Class != smtperr.ClassUnexpectedSuccess && e.Reason != smtperr.ReasonRelayDenied {
		e.Unchecked = "open-relay check"
	}
}

// matchesAt is Matches for a probe of a depth. One that ends with RCPT checks
// whether the relay is open, and a recipient that is unknown, or refused because
// of a block list or a full disk, does not show that it is not.
func (e Expectation) matchesAt(depth Depth, err error) bool {
	if depth == DepthRcpt && e.isBareRefusal() {
		denied := e
		denied.Reason = smtperr.ReasonRelayDenied
		return denied.Matches(err)
	}
	return e.Matches(err)
}

// isBareRefusal reports whether the expectation is that all recipients are
// refused, whatever the reason.
func (e Expectation) isBareRefusal() bool {
	return e.Class == smtperr.ClassRecipientsRefused && e.Reason == "" && e.Code == 0
}

// unexpectedSuccess is the error of a relay that accepted what it should have
// refused.
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

// lastPhase is the last phase before RSET and QUIT.
func (s *session) lastPhase() smtperr.Phase {
	for _, p := range slices.Backward(s.clock.phases) {
		if p.Phase != smtperr.PhaseRset && p.Phase != smtperr.PhaseQuit && p.Phase != smtperr.PhaseTLS {
			return p.Phase
		}
	}
	return smtperr.PhaseConnect
}

// Matches reports whether an outcome is the expected one. No error is the class
// ClassNone.
//
// A relay that refuses for now may accept in a minute: greylisting, overload and
// a token that cannot be fetched prove nothing. So a bare class of a refused
// login or envelope matches what is temporary only where the relay said that it
// does not relay; an expectation with a reason or a code takes what it names.
//
// In a probe of DepthRcpt the bare class recipients_refused is stricter: it
// matches the reason relay_denied only.
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
	return !bare || !isUndecided(got)
}

// isUndecided reports whether a refusal for now leaves open what the next
// attempt gets.
func isUndecided(err *smtperr.Error) bool {
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

// Reaches is how deep a probe goes by this plan. One that expects a refusal stops
// at RCPT, so that no message goes through a relay that has become open.
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

// mayBeSent reports whether the expectations leave the message to be sent: none,
// no error, or that the message itself is refused.
func mayBeSent(expected []Expectation) bool {
	return len(expected) == 0 || slices.ContainsFunc(expected, func(e Expectation) bool {
		switch e.Phase {
		case smtperr.PhaseData, smtperr.PhaseBody, smtperr.PhaseDot:
			return true
		}
		return e.Class == smtperr.ClassNone || e.Class == smtperr.ClassDataRefused
	})
}
