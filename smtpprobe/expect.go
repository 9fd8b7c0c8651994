package smtpprobe

import (
	"errors"
	"slices"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// judge tells whether the outcome is what the plan expects, and turns a
// session without error into the failure it is where one was expected.
func (s *session) judge() bool {
	expected := s.plan.Expect
	if len(expected) == 0 {
		return s.res.Err == nil
	}
	if s.res.Err == nil && !expectsNone(expected) {
		s.verdict(s.unexpectedSuccess())
	}
	return slices.ContainsFunc(expected, func(e Expectation) bool { return e.Matches(s.res.Err) })
}

// unexpectedSuccess: the relay accepted what it should have refused.
func (s *session) unexpectedSuccess() *smtperr.Error {
	phase, reason := smtperr.PhaseDot, smtperr.ReasonExpectationMissed
	switch s.depth() {
	case DepthConnect:
		phase = smtperr.PhaseGreeting
	case DepthEHLO, DepthAuth:
		phase = s.lastPhase()
	case DepthRcpt:
		phase, reason = smtperr.PhaseRcpt, smtperr.ReasonOpenRelay
	}
	err := smtperr.New(smtperr.ClassUnexpectedSuccess, reason, phase, errors.New("the relay accepted what the configuration expects it to refuse"))
	err.Reply = s.res.Reply
	return err
}

// lastPhase is the last phase before RSET and QUIT.
func (s *session) lastPhase() smtperr.Phase {
	for _, p := range slices.Backward(s.res.Phases) {
		if p.Phase != smtperr.PhaseRset && p.Phase != smtperr.PhaseQuit && p.Phase != smtperr.PhaseTLS {
			return p.Phase
		}
	}
	return smtperr.PhaseConnect
}

// Matches tells whether an outcome is the expected one. nil, no error, is the
// class None.
//
// Who is refused for now may be accepted in a minute: greylisting, overload and
// a token that cannot be fetched prove nothing. So a bare class of a refused
// login or envelope matches what is temporary only where the relay said that it
// does not relay; an expectation that names reason or code takes what it names.
func (e Expectation) Matches(err *smtperr.Error) bool {
	if err == nil {
		return e.Class == smtperr.ClassNone
	}
	switch {
	case e.Class != err.Class,
		e.Reason != "" && e.Reason != err.Reason,
		e.Code != 0 && e.Code != err.Code(),
		e.Phase != "" && e.Phase != err.Phase:
		return false
	}
	bare := e.Reason == "" && e.Code == 0
	return !bare || !undecided(err)
}

// undecided: a refusal for now that says nothing about the next attempt.
func undecided(err *smtperr.Error) bool {
	switch err.Class {
	case smtperr.ClassAuthFailed, smtperr.ClassSenderRefused, smtperr.ClassRecipientRefused, smtperr.ClassRecipientsRefused, smtperr.ClassDataRefused:
		return err.Temporary() && err.Reason != smtperr.ReasonRelayDenied
	}
	return false
}

func expectsNone(expected []Expectation) bool {
	return slices.ContainsFunc(expected, func(e Expectation) bool { return e.Class == smtperr.ClassNone })
}

// Reaches is how deep a probe goes by this plan. One that expects a refusal stops
// at RCPT, so that no message goes through a relay that has become open.
func (p *Plan) Reaches() Depth {
	if p.Depth == DepthSend && !mayBeSent(p.Expect) {
		return DepthRcpt
	}
	return p.Depth
}

// mayBeSent: only who expects the message itself to be refused, or no error at
// all, lets it be sent.
func mayBeSent(expected []Expectation) bool {
	return len(expected) == 0 || slices.ContainsFunc(expected, func(e Expectation) bool {
		switch e.Phase {
		case smtperr.PhaseData, smtperr.PhaseBody, smtperr.PhaseDot:
			return true
		}
		return e.Class == smtperr.ClassNone || e.Class == smtperr.ClassDataRefused
	})
}
