package smtperr

import (
	"fmt"
	"strings"
)

// Classify returns what err, which happened in phase, means, as an *Error. An
// err that is or wraps an *Error returns that one; nil returns nil. An empty
// phase is derived from err where possible.
func Classify(phase Phase, err error) error {
	return asError(verdictOn(phase, err))
}

// asError returns nil, and not a nil *Error, where there is no failure.
func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

func verdictOn(phase Phase, err error) *Error {
	if e, ok := err.(*Error); err == nil || ok { //nolint:errorlint // a wrapped one is found below
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
	// A lost reply to the final dot leaves the outcome unknown (RFC 5321
	// §4.5.3.2.6); a dot that could not be written does not.
	e.OutcomeUnknown = phase == PhaseDot && f.operation != "write" && (m.class == ClassDisconnected || m.class == ClassReadTimeout)
	return e
}

// meaning is a class with the reason that refines it.
type meaning struct {
	class  Class
	reason Reason
}

// meaning ranks the facts. Several may be true of one error: a DNS timeout is
// also a deadline that passed, a local error in a lookup also a DNS error. The
// first one in this order is the most specific.
func (f *facts) meaning(phase Phase) meaning {
	errno := meaningOf(f.errno)
	switch {
	// What this side did or lacks.
	case f.canceled:
		return meaning{ClassCanceled, ""}
	case f.config != "":
		return meaning{ClassConfigError, f.config}
	case f.dns != nil && strings.HasPrefix(f.dns.Err, "unknown port"): // Go reports it as a name that was not found
		return meaning{ClassConfigError, ReasonInvalidPort}
	case errno.class == ClassLocalError:
		return errno
	case f.denied:
		return meaning{ClassLocalError, ReasonPermission}

	// What has its own error types.
	case f.dns != nil:
		return f.lookup()
	case errno.class == ClassDNSNotFound, errno.class == ClassDNSError:
		return errno
	case f.tls.found():
		return f.tls.meaning()

	// What can happen to any connection.
	case f.timedOut, errno.class == ClassConnectTimeout:
		return f.timeout(phase)
	case f.errno != 0, f.missing:
		return f.socket(phase, errno)
	case f.ended:
		return lost(phase, ReasonClosed)

	// What the other side sent.
	case f.malformed:
		return meaning{ClassProtocolError, ReasonBadCode}
	case f.known.class != ClassNone:
		return f.known
	}
	return meaning{ClassUnknown, ""}
}

// replied reports whether a reply decides: it does unless this side canceled,
// is misconfigured or could not resolve the name.
func (f *facts) replied() bool {
	return f.reply != nil && !f.canceled && f.config == "" && f.dns == nil
}

// phase returns the phase in which such an error happens, "" if it may be any.
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

// lookup returns the meaning of a resolver's error.
func (f *facts) lookup() meaning {
	switch {
	case f.dns.IsTimeout:
		return meaning{ClassDNSTimeout, ""}
	case f.dns.IsNotFound:
		return meaning{ClassDNSNotFound, ReasonNotFound}
	case f.timedOut: // in the wrapped error only
		return meaning{ClassDNSTimeout, ""}
	}
	return meaning{ClassDNSError, ReasonServerFailure}
}

// timeout returns the timeout of what was waited for: in a session that is a
// reply, unless a write failed.
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

// socket returns the meaning of a system error number, which depends on the
// phase: a host may become unreachable while dialing, in a handshake, or in a
// session.
func (f *facts) socket(phase Phase, errno meaning) meaning {
	if f.missing {
		errno = meaning{ClassConnectError, ReasonNotFound}
	}
	switch {
	case f.dialing(phase), phase == PhaseDNS && errno.class != ClassNone:
		return meaning{ClassConnectError, errno.reason}
	case errno.reason == ReasonNotFound: // a local file, no unix socket
		return meaning{ClassLocalError, ReasonNotFound}
	case errno.class == ClassNone:
		return meaning{ClassUnknown, ""}
	}
	return lost(phase, errno.reason)
}

func (f *facts) dialing(phase Phase) bool {
	return phase == PhaseConnect || f.operation == "dial"
}

// lost returns the meaning of a connection that ended in the phase.
func lost(phase Phase, reason Reason) meaning {
	switch phase {
	case PhaseConnect:
		return meaning{ClassConnectError, reason}
	case PhaseTLS:
		return meaning{ClassTLSError, reason}
	}
	return meaning{ClassDisconnected, reason}
}
