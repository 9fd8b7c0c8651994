package smtperr

import "fmt"

// meaning is what a cause or a number stands for.
type meaning struct {
	class  Class
	reason Reason
}

// Classify is Wrap for callers that want the struct; nil for nil. An empty
// phase is derived from the error where it can be.
func Classify(phase Phase, err error) *Error {
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
	switch {
	case m.class == TLSVerifyError:
		e.Details = f.details()
	case f.record != nil && m.class == TLSError:
		e.Temporary = false // whatever answered does not speak TLS here
	}
	// A reply that is lost after the final dot leaves the outcome open (RFC 5321
	// §4.5.3.2.6); a dot that could not be written does not.
	e.OutcomeUnknown = phase == PhaseDot && f.operation != "write" && (m.class == Disconnected || m.class == ReadTimeout)
	return e
}

// meaning asks in the order of precedence: of several things that are true of
// one cause, the first counts. A DNS timeout is a deadline, too.
func (f *findings) meaning(phase Phase) meaning {
	number := errnoMeaning(f.errno)
	switch {
	case f.canceled:
		return meaning{Canceled, ""}
	case f.config != "":
		return meaning{ConfigError, f.config}
	case f.unknownPort():
		return meaning{ConfigError, ReasonInvalidPort}
	case number.class == LocalError:
		return number
	case f.denied:
		return meaning{LocalError, ReasonPermission}
	case f.dns != nil:
		return f.unresolved()
	case number.class == DNSNotFound || number.class == DNSError:
		return number
	case f.unverified != nil || len(f.checks) > 0:
		return meaning{TLSVerifyError, f.checkReason()}
	case f.record != nil:
		return meaning{TLSError, recordReason(f.record.RecordHeader)}
	case f.alerted:
		return meaning{TLSError, alertReason(f.alert)}
	case f.tls != "":
		return meaning{TLSError, handshakeReason(f.tls)}
	case f.late || number.class == ConnectTimeout:
		return f.timeout(phase)
	case f.errno != 0 || f.missing:
		return f.socket(phase, number)
	case f.ended:
		return lost(phase, ReasonClosed)
	case f.malformed:
		return meaning{ProtocolError, ReasonBadCode}
	case f.said.class != None:
		return f.said
	}
	return meaning{Unknown, ""}
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
		return meaning{DNSTimeout, ""}
	case f.dialing(phase):
		return meaning{ConnectTimeout, ""}
	case phase == PhaseTLS:
		return meaning{TLSTimeout, ""}
	case phase == PhaseBody, f.operation == "write":
		return meaning{WriteTimeout, ""}
	case phase == PhaseGreeting:
		return meaning{ReadTimeout, ReasonNoGreeting}
	}
	return meaning{ReadTimeout, ReasonNoReply}
}

// socket is what the operating system said. The same number means something
// else while dialing, in a handshake, and in a conversation, which routing that
// breaks can end as well as the relay.
func (f *findings) socket(phase Phase, number meaning) meaning {
	if f.missing {
		number = meaning{ConnectError, ReasonNotFound}
	}
	switch {
	case f.dialing(phase) || phase == PhaseDNS && number.class != None:
		return meaning{ConnectError, number.reason}
	case number.reason == ReasonNotFound: // of a file that is ours
		return meaning{LocalError, ReasonNotFound}
	case number.class == None:
		return meaning{Unknown, ""}
	}
	return lost(phase, number.reason)
}

// lost is a connection that ended, by what it was in the middle of.
func lost(phase Phase, reason Reason) meaning {
	switch phase {
	case PhaseConnect:
		return meaning{ConnectError, reason}
	case PhaseTLS:
		return meaning{TLSError, reason}
	}
	return meaning{Disconnected, reason}
}
