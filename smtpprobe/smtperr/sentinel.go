package smtperr

import (
	"errors"
	"slices"
)

// The sentinels, for errors.Is. An Error matches every family that it belongs
// to, as Python's except clause matches base classes: a 421 to MAIL is
// ErrUnavailable, ErrSender and ErrRefused; a connect timeout is ErrConnect and
// ErrTimeout.
var (
	ErrConfig            = errors.New("smtp: invalid configuration")
	ErrLocal             = errors.New("smtp: local error")
	ErrCanceled          = errors.New("smtp: canceled")
	ErrDNS               = errors.New("smtp: name resolution failed")
	ErrConnect           = errors.New("smtp: could not connect") // timeouts and refused or missing greetings included
	ErrTLS               = errors.New("smtp: TLS failed")        // the handshake or the certificate
	ErrTimeout           = errors.New("smtp: timeout")           // in any phase
	ErrDisconnected      = errors.New("smtp: connection lost")   // missing replies included, as in smtplib
	ErrRefused           = errors.New("smtp: refused")           // by a reply, or a reply that is not the one due
	ErrGreeting          = errors.New("smtp: greeting refused")  // 421 included, as in the following ones
	ErrHelo              = errors.New("smtp: EHLO or HELO refused")
	ErrStartTLS          = errors.New("smtp: STARTTLS refused")
	ErrAuth              = errors.New("smtp: authentication failed")
	ErrSender            = errors.New("smtp: sender refused")
	ErrRecipient         = errors.New("smtp: recipient refused") // one, several or all of them
	ErrRecipients        = errors.New("smtp: all recipients refused")
	ErrData              = errors.New("smtp: message refused")     // DATA or the message
	ErrUnavailable       = errors.New("smtp: service unavailable") // 421 in any phase
	ErrNotSupported      = errors.New("smtp: not supported")       // by the server
	ErrProtocol          = errors.New("smtp: protocol error")      // not SMTP, or not the reply due
	ErrUnexpectedSuccess = errors.New("smtp: unexpected success")
	ErrUnknown           = errors.New("smtp: unknown error")
)

// Is reports whether the error belongs to the family of a sentinel.
func (e *Error) Is(target error) bool {
	if slices.Contains(e.Class.row().sentinels, target) {
		return true
	}
	switch e.Class {
	case ClassDisconnected, ClassReadTimeout:
		// Before the greeting there is no session yet.
		return target == ErrConnect && e.Phase == PhaseGreeting
	case ClassServiceUnavailable, ClassProtocolError:
		// These replies match what any other refusal in the phase would match.
		return e.Reply != nil && slices.Contains(e.refusalInPhase().row().sentinels, target)
	}
	return false
}

func (e *Error) refusalInPhase() Class {
	class := e.Phase.row().refusal
	if class == ClassRecipientRefused && e.allRefused {
		return ClassRecipientsRefused
	}
	return class
}
