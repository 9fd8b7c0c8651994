package smtperr

import (
	"errors"
	"slices"
)

// Error is a classified failure. Functions of this package return it as an
// error; callers find the details with
//
//	e, ok := errors.AsType[*smtperr.Error](err)
//
// and ask for families with errors.Is and the sentinels, such as ErrAuth.
type Error struct {
	Class  Class
	Reason Reason // refines Class; empty if nothing more is known
	Phase  Phase  // in which the failure happened
	// Reply is the reply that decided, nil if none did.
	Reply *Reply
	// Sender and Recipient are the addresses of the MAIL or RCPT command that
	// was refused; Recipient is that of Recipients whose reply is in Reply.
	Sender, Recipient string
	// Recipients has one error for each refused recipient, in order.
	Recipients []*Error
	// Details lists every failed check of a certificate.
	Details []string
	// OutcomeUnknown is set if the reply to the final dot was lost: the message
	// may have been delivered (RFC 5321 §6.1).
	OutcomeUnknown bool
	// Unchecked names a check that could not be made because of this failure,
	// such as "open-relay check"; empty if there is none.
	Unchecked string
	Cause     error   // the underlying error, may be nil
	Secondary []error // what failed afterwards, such as QUIT

	allRefused  bool   // Recipients are all that were given
	mechanism   string // of AUTH, see Session
	tooManyRcpt bool   // a 552 that means 452, see ClassifyReply
}

// New returns an error for a failure that the caller found itself. Its
// permanence follows from class and reason.
func New(class Class, reason Reason, phase Phase, cause error) *Error {
	return &Error{Class: class, Reason: reason, Phase: phase, Cause: cause}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Code returns the code of the reply that decided, 0 if none did.
func (e *Error) Code() int {
	if e.Reply == nil {
		return 0
	}
	return e.Reply.Code
}

// Timeout reports whether a deadline passed.
func (e *Error) Timeout() bool { return e.Is(ErrTimeout) }

// Temporary reports whether the same attempt may succeed later. For refusals the
// first digit of the reply code decides (RFC 5321 §4.2.1).
func (e *Error) Temporary() bool {
	switch e.Reason {
	case ReasonNotSMTP, ReasonNotSMTPHTTP, ReasonNotSMTPSSH, ReasonTLSOnPlaintextPort, ReasonPlaintextSMTP: // another protocol
		return false
	case ReasonProxyRefused, ReasonClientCertRequired:
		return false
	case ReasonProtocolVersion:
		if e.Reply == nil { // of TLS
			return false
		}
	case ReasonTokenUnreachable:
		return true
	}
	lasts := e.Class.row().lasts
	if lasts != byReply {
		return lasts == temporary
	}
	return e.Code()/100 == 4 || e.tooManyRcpt
}

// Retry is whether and when to try the same server again.
type Retry uint8

// The answers of [Error.Retry].
const (
	Never Retry = iota // it will fail again, or may deliver twice
	Now                // at once
	Later              // after a while
)

// String returns "never", "now" or "later".
func (r Retry) String() string {
	switch r {
	case Now:
		return "now"
	case Later:
		return "later"
	}
	return "never"
}

// Retry returns whether and when to try the same server again. After a lost
// reply to the final dot it is Never: the message may have been delivered.
func (e *Error) Retry() Retry {
	retry := e.Class.row().retry
	switch {
	case e.OutcomeUnknown, retry == Later && !e.Temporary():
		return Never
	}
	return retry
}

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
