package smtperr

import (
	"fmt"
	"strings"
)

// Classify returns err as an *Error. If err is or wraps an *Error, Classify returns
// that one; if err is nil, it returns nil. The phase is the step of the session in
// which err occurred. If it is empty, Classify derives it from err where possible.
func Classify(phase Phase, err error) error {
	return asError(toError(phase, err))
}

// asError converts a nil *Error to a nil error.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

func toError(phase Phase, err error) *Error {
	if e, ok := err.(*Error); err == nil || ok { //nolint:errorlint // collect unwraps err
		return e
	}
	if isNil(err) {
		err = fmt.Errorf("a nil %T", err)
	}
	f := collect(err)
	if f.classified != nil {
		return f.classified
	}
	if phase == "" {
		phase = f.phase()
	}
	if f.replied() {
		return f.reply.classify(phase, err)
	}
	m := f.meaning(phase)
	e := New(m.class, m.reason, phase, err)
	if m.class == ClassTLSVerifyError {
		e.Details = f.tls.details()
	}
	// Only a lost reply leaves the outcome unknown (RFC 5321 §4.5.3.2.6), not a dot
	// that could not be written.
	e.OutcomeUnknown = phase == PhaseDot && f.operation != "write" && (m.class == ClassDisconnected || m.class == ClassReadTimeout)
	return e
}

// meaning is a class and the reason that refines it.
type meaning struct {
	class  Class
	reason Reason
}

// meaning returns the most specific meaning of the facts. One error often has
// several: a DNS timeout is also an exceeded deadline, and a local error during a
// lookup is also a DNS error.
func (f *facts) meaning(phase Phase) meaning {
	errno := meaningOf(f.errno)
	switch {
	// Failures of the client.
	case f.canceled:
		return meaning{ClassCanceled, ""}
	case f.config != "":
		return meaning{ClassConfigError, f.config}
	case f.dns != nil && strings.HasPrefix(f.dns.Err, "unknown port"): // a DNSError with IsNotFound
		return meaning{ClassConfigError, ReasonInvalidPort}
	case errno.class == ClassLocalError:
		return errno
	case f.denied:
		return meaning{ClassLocalError, ReasonPermission}

	// Failures with their own error types.
	case f.dns != nil:
		return f.lookup()
	case errno.class == ClassDNSNotFound, errno.class == ClassDNSError:
		return errno
	case f.tls.found():
		return f.tls.meaning()

	// Failures of any connection.
	case f.timedOut, errno.class == ClassConnectTimeout:
		return f.timeout(phase)
	case f.errno != 0, f.missing:
		return f.socket(phase, errno)
	case f.ended:
		return lost(phase, ReasonClosed)

	// Failures of the server.
	case f.malformed:
		return meaning{ClassProtocolError, ReasonBadCode}
	case f.known.class != ClassNone:
		return f.known
	}
	return meaning{ClassUnknown, ""}
}

// replied reports whether the failure is a reply. A canceled context, an invalid
// configuration and a failed lookup take precedence.
func (f *facts) replied() bool {
	return f.reply != nil && !f.canceled && f.config == "" && f.dns == nil
}

// phase returns the phase that the facts imply, or an empty string.
func (f *facts) phase() Phase {
	switch {
	case f.reply != nil && f.reply.phase != "":
		return f.reply.phase
	case f.config != "", f.dns != nil && strings.HasPrefix(f.dns.Err, "unknown port"):
		return PhaseConfig
	case f.dns != nil:
		return PhaseDNS
	case f.operation == "dial":
		return PhaseConnect
	case f.command != "":
		return f.command
	case f.tls.inHandshake():
		return PhaseTLS
	}
	return ""
}

// lookup returns the meaning of a failed DNS lookup.
func (f *facts) lookup() meaning {
	switch {
	case f.dns.IsTimeout:
		return meaning{ClassDNSTimeout, ""}
	case f.dns.IsNotFound:
		return meaning{ClassDNSNotFound, ReasonNotFound}
	case f.timedOut: // only the wrapped error reports it
		return meaning{ClassDNSTimeout, ""}
	}
	return meaning{ClassDNSError, ReasonServerFailure}
}

// timeout returns the meaning of an exceeded deadline.
func (f *facts) timeout(phase Phase) meaning {
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

// socket returns the meaning of a system error. It depends on the phase: a host can
// become unreachable while dialing, in a handshake, or in a session.
func (f *facts) socket(phase Phase, errno meaning) meaning {
	if f.missing {
		errno = meaning{ClassConnectError, ReasonNotFound}
	}
	switch {
	case f.dialing(phase), phase == PhaseDNS && errno.class != ClassNone:
		return meaning{ClassConnectError, errno.reason}
	case errno.reason == ReasonNotFound: // a file, not a unix socket
		return meaning{ClassLocalError, ReasonNotFound}
	case errno.class == ClassNone:
		return meaning{ClassUnknown, ""}
	}
	return lost(phase, errno.reason)
}

func (f *facts) dialing(phase Phase) bool {
	return phase == PhaseConnect || f.operation == "dial"
}

// lost returns the meaning of a connection that was lost in the phase.
func lost(phase Phase, reason Reason) meaning {
	switch phase {
	case PhaseConnect:
		return meaning{ClassConnectError, reason}
	case PhaseTLS:
		return meaning{ClassTLSError, reason}
	}
	return meaning{ClassDisconnected, reason}
}
