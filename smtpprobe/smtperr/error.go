package smtperr

import (
	"errors"
	"slices"
)

// Error is a classified failure. The functions of this package return it as an
// error. To get it from an error, use
//
//	e, ok := errors.AsType[*smtperr.Error](err)
//
// To test for a group of failures, use errors.Is with a sentinel such as ErrAuth.
type Error struct {
	Class  Class
	Reason Reason // refines Class; empty if unknown
	Phase  Phase  // the step of the session that failed
	// Reply is the reply that caused the failure, or nil.
	Reply *Reply
	// Sender and Recipient are the address of the refused MAIL or RCPT command.
	// If several recipients were refused, Recipient is the one refused by Reply.
	Sender, Recipient string
	// Recipients has an error for each refused recipient, in order.
	Recipients []*Error
	// Details describes each failed check of a certificate.
	Details []string
	// OutcomeUnknown reports that the reply to the final dot was lost: the message
	// may have been delivered (RFC 5321 §6.1).
	OutcomeUnknown bool
	// Unchecked names the check that this failure prevented, such as "open-relay
	// check". It is empty if there is none.
	Unchecked string
	Cause     error   // the underlying error, or nil
	Secondary []error // later failures, such as that of QUIT

	allRefused  bool   // no recipient was accepted
	mechanism   string // of AUTH, see Session
	tooManyRcpt bool   // the 552 means 452, see isTooManyRecipients
}

// New returns an Error for a failure that the caller has classified.
func New(class Class, reason Reason, phase Phase, cause error) *Error {
	return &Error{Class: class, Reason: reason, Phase: phase, Cause: cause}
}

// Unwrap returns e.Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Code returns the reply code of e.Reply, or 0 if there is no reply.
func (e *Error) Code() int {
	if e.Reply == nil {
		return 0
	}
	return e.Reply.Code
}

// Timeout reports whether the failure is a timeout.
func (e *Error) Timeout() bool { return e.Is(ErrTimeout) }

// Temporary reports whether the same attempt may succeed later. A refusal is
// temporary if its reply code is a 4xx (RFC 5321 §4.2.1).
func (e *Error) Temporary() bool {
	switch e.Reason {
	case ReasonNotSMTP, ReasonNotSMTPHTTP, ReasonNotSMTPSSH, ReasonTLSOnPlaintextPort, ReasonPlaintextSMTP,
		ReasonProxyRefused, ReasonClientCertRequired:
		return false
	case ReasonProtocolVersion:
		if e.Reply == nil { // the version of TLS, not of SMTP
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

// Retry is whether and when to retry on the same server.
type Retry uint8

// The values of [Error.Retry].
const (
	Never Retry = iota // a retry fails again, or may deliver the message twice
	Now                // retry at once
	Later              // retry after a delay
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

// Retry returns whether and when to retry on the same server. It returns Never if
// e.OutcomeUnknown is set.
func (e *Error) Retry() Retry {
	retry := e.Class.row().retry
	switch {
	case e.OutcomeUnknown, retry == Later && !e.Temporary():
		return Never
	}
	return retry
}

// Sentinels for errors.Is. An [Error] matches each group that it belongs to: a 421
// to MAIL matches ErrUnavailable, ErrSender and ErrRefused, and a connect timeout
// matches ErrConnect and ErrTimeout. ErrGreeting, ErrHelo, ErrStartTLS, ErrAuth,
// ErrSender, ErrRecipient, ErrRecipients and ErrData match a 421 in their phase, too.
var (
	ErrConfig            = errors.New("smtp: invalid configuration")
	ErrLocal             = errors.New("smtp: local error")
	ErrCanceled          = errors.New("smtp: canceled")
	ErrDNS               = errors.New("smtp: name resolution failed")
	ErrConnect           = errors.New("smtp: could not connect") // including timeouts, and refused or missing greetings
	ErrTLS               = errors.New("smtp: TLS failed")        // the handshake or the certificate
	ErrTimeout           = errors.New("smtp: timeout")           // in any phase
	ErrDisconnected      = errors.New("smtp: connection lost")   // including missing replies
	ErrRefused           = errors.New("smtp: refused")           // by a reply code that is not expected in the phase
	ErrGreeting          = errors.New("smtp: greeting refused")
	ErrHelo              = errors.New("smtp: EHLO or HELO refused")
	ErrStartTLS          = errors.New("smtp: STARTTLS refused")
	ErrAuth              = errors.New("smtp: authentication failed")
	ErrSender            = errors.New("smtp: sender refused")
	ErrRecipient         = errors.New("smtp: recipient refused") // one, several or all recipients
	ErrRecipients        = errors.New("smtp: all recipients refused")
	ErrData              = errors.New("smtp: message refused")     // DATA or the message
	ErrUnavailable       = errors.New("smtp: service unavailable") // 421 in any phase
	ErrNotSupported      = errors.New("smtp: not supported")       // by the server
	ErrProtocol          = errors.New("smtp: protocol error")      // not SMTP, or an unexpected reply
	ErrUnexpectedSuccess = errors.New("smtp: unexpected success")
	ErrUnknown           = errors.New("smtp: unknown error")
)

// Is reports whether e belongs to the group of the sentinel target.
func (e *Error) Is(target error) bool {
	if slices.Contains(e.Class.row().sentinels, target) {
		return true
	}
	switch e.Class {
	case ClassDisconnected, ClassReadTimeout:
		// Without a greeting there is no session yet.
		return target == ErrConnect && e.Phase == PhaseGreeting
	case ClassServiceUnavailable, ClassProtocolError:
		return e.Reply != nil && slices.Contains(e.refusalInPhase().row().sentinels, target)
	}
	return false
}

// refusalInPhase returns the class of an ordinary refusal in e.Phase.
func (e *Error) refusalInPhase() Class {
	class := e.Phase.row().refusal
	if class == ClassRecipientRefused && e.allRefused {
		return ClassRecipientsRefused
	}
	return class
}
