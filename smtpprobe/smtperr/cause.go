package smtperr

import "fmt"

// meaning is what a cause or a number stands for.
type meaning struct {
	class  Class
	reason Reason
}

// Classify returns what err, which happened in phase, means, as an *Error. An
// err that is or wraps an *Error returns that one; nil returns nil. An empty
// phase is derived from err where possible.
func Classify(phase Phase, err error) error {
	if e := classify(phase, err); e != nil {
		return e
	}
	return nil
}

func classify(phase Phase, err error) *Error {
	if err == nil {
		return nil
	}
	var f findings
	f.walk(err)
	if f.verdict != nil {
		return f.verdict
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // a nil one; any other is the verdict above
		return e
	}
	if isNil(err) { // errors.Is would call its methods
		err = fmt.Errorf("a nil %T", err)
	}
	if phase == "" {
		phase = f.phase()
	}
	if f.reply != nil && f.replied() {
		return f.reply.classify(phase, err)
	}
	m := f.meaning(phase)
	e := New(m.class, m.reason, phase, err)
	if m.class == ClassTLSVerifyError {
		e.Details = f.details()
	}
	// A reply that is lost after the final dot leaves the outcome open (RFC 5321
	// §4.5.3.2.6); a dot that could not be written does not.
	e.OutcomeUnknown = phase == PhaseDot && f.operation != "write" && (m.class == ClassDisconnected || m.class == ClassReadTimeout)
	return e
}

// meaning asks in the order of precedence: of several things that are true of
// one cause, the first counts. A DNS timeout is a deadline, too.
func (f *findings) meaning(phase Phase) meaning {
	number := errnoMeaning(f.errno)
	switch {
	case f.canceled:
		return meaning{ClassCanceled, ""}
	case f.config != "":
		return meaning{ClassConfigError, f.config}
	case f.unknownPort():
		return meaning{ClassConfigError, ReasonInvalidPort}
	case number.class == ClassLocalError:
		return number
	case f.denied:
		return meaning{ClassLocalError, ReasonPermission}
	case f.dns != nil:
		return f.unresolved()
	case number.class == ClassDNSNotFound || number.class == ClassDNSError:
		return number
	case f.unverified != nil || len(f.checks) > 0:
		return meaning{ClassTLSVerifyError, f.checkReason()}
	case f.record != nil:
		return meaning{ClassTLSError, recordReason(f.record.RecordHeader)}
	case f.alerted:
		return meaning{ClassTLSError, alertReason(f.alert)}
	case f.tls != "":
		return meaning{ClassTLSError, handshakeReason(f.tls)}
	case f.late || number.class == ClassConnectTimeout:
		return f.timeout(phase)
	case f.errno != 0 || f.missing:
		return f.socket(phase, number)
	case f.ended:
		return lost(phase, ReasonClosed)
	case f.malformed:
		return meaning{ClassProtocolError, ReasonBadCode}
	case f.said.class != ClassNone:
		return f.said
	}
	return meaning{ClassUnknown, ""}
}

// replied tells whether a reply in the chain is the verdict: it is unless
// something is true that goes before the relay's answer.
func (f *findings) replied() bool {
	return !f.canceled && f.config == "" && f.dns == nil
}

// phase is where a cause of this kind arises.
func (f *findings) phase() Phase {
	switch {
	case f.reply != nil:
		return f.reply.phase
	case f.config != "", f.unknownPort():
		return PhaseConfig
	case f.dns != nil:
		return PhaseDNS
	case f.operation == "dial":
		return PhaseConnect
	case f.unverified != nil, len(f.checks) > 0, f.record != nil:
		return PhaseTLS
	}
	return ""
}

func (f *findings) dialing(phase Phase) bool {
	return phase == PhaseConnect || f.operation == "dial"
}

// timeout names the timeout by what was waited for. In the phases of a
// conversation that is a reply, unless the operation that failed was a write.
func (f *findings) timeout(phase Phase) meaning {
	switch {
	case phase == PhaseDNS:
		return meaning{ClassDNSTimeout, ""}
	case f.dialing(phase):
		return meaning{ClassConnectTimeout, ""}
	case phase == PhaseTLS:
		return meaning{ClassTLSTimeout, ""}
	case phase == PhaseBody, f.operation == "write":
		return meaning{ClassWriteTimeout, ""}
	case phase == PhaseGreeting:
		return meaning{ClassReadTimeout, ReasonNoGreeting}
	}
	return meaning{ClassReadTimeout, ReasonNoReply}
}

// socket is what the operating system said. The same number means something
// else while dialing, in a handshake, and in a conversation, which routing that
// breaks can end as well as the relay.
func (f *findings) socket(phase Phase, number meaning) meaning {
	if f.missing {
		number = meaning{ClassConnectError, ReasonNotFound}
	}
	switch {
	case f.dialing(phase) || phase == PhaseDNS && number.class != ClassNone:
		return meaning{ClassConnectError, number.reason}
	case number.reason == ReasonNotFound: // of a file that is ours
		return meaning{ClassLocalError, ReasonNotFound}
	case number.class == ClassNone:
		return meaning{ClassUnknown, ""}
	}
	return lost(phase, number.reason)
}

// lost is a connection that ended, by what it was in the middle of.
func lost(phase Phase, reason Reason) meaning {
	switch phase {
	case PhaseConnect:
		return meaning{ClassConnectError, reason}
	case PhaseTLS:
		return meaning{ClassTLSError, reason}
	}
	return meaning{ClassDisconnected, reason}
}
