package smtperr

// Kind is a family of failures, for errors.Is: an error is of every kind that
// a Python programmer could name in an except clause, and of some that are
// missing there.
type Kind struct{ name string }

func (k *Kind) Error() string { return k.name }

// The kinds. A 421 to MAIL is ErrUnavailable and ErrSenderRefused and
// ErrResponse; a connect timeout is ErrConnect and ErrTimeout and ErrOS. Every
// *Error is ErrSMTP.
var (
	ErrSMTP              = &Kind{"SMTP error"}           // SMTPException
	ErrResponse          = &Kind{"refused by a reply"}   // SMTPResponseException
	ErrConnect           = &Kind{"not connected"}        // SMTPConnectError
	ErrGreeting          = &Kind{"refused at greeting"}  // SMTPConnectError
	ErrTimeout           = &Kind{"timeout"}              // TimeoutError, SMTPTimeoutError
	ErrDNS               = &Kind{"name not resolved"}    // gaierror, herror
	ErrTLS               = &Kind{"TLS failed"}           // SSLError
	ErrStartTLS          = &Kind{"STARTTLS refused"}     // SMTPResponseException
	ErrHelo              = &Kind{"EHLO refused"}         // SMTPHeloError
	ErrAuth              = &Kind{"not authenticated"}    // SMTPAuthenticationError
	ErrSenderRefused     = &Kind{"sender refused"}       // SMTPSenderRefused
	ErrRecipientRefused  = &Kind{"recipient refused"}    // SMTPRecipientRefused
	ErrRecipientsRefused = &Kind{"recipients refused"}   // SMTPRecipientsRefused
	ErrData              = &Kind{"message refused"}      // SMTPDataError
	ErrDisconnected      = &Kind{"disconnected"}         // SMTPServerDisconnected
	ErrNotSupported      = &Kind{"not supported"}        // SMTPNotSupportedError
	ErrUnavailable       = &Kind{"service unavailable"}  // 421
	ErrProtocol          = &Kind{"protocol violated"}    // not SMTP
	ErrConfig            = &Kind{"wrong configuration"}  // ValueError
	ErrLocal             = &Kind{"local failure"}        // OSError of our own
	ErrOS                = &Kind{"operating system"}     // OSError
	ErrCanceled          = &Kind{"canceled"}             // CancelledError
	ErrUnexpectedSuccess = &Kind{"unexpectedly allowed"} // none
	ErrUnknown           = &Kind{"unknown error"}        // SMTPException
)

// phaseKind is what any refusal in a phase is.
func phaseKind(p Phase) *Kind {
	switch p {
	case PhaseGreeting:
		return ErrGreeting
	case PhaseEHLO, PhaseHELO:
		return ErrHelo
	case PhaseSTARTTLS:
		return ErrStartTLS
	case PhaseAuth:
		return ErrAuth
	case PhaseMail:
		return ErrSenderRefused
	case PhaseRcpt:
		return ErrRecipientRefused
	case PhaseData, PhaseBody, PhaseDot:
		return ErrData
	}
	return nil
}

func (e *Error) ofKind(k *Kind) bool {
	if k == ErrSMTP {
		return true
	}
	for _, own := range e.Class.Info().Kinds {
		if own == k {
			return true
		}
	}
	switch e.Class {
	case RecipientsRefused:
		return k == ErrRecipientRefused
	case Disconnected, ReadTimeout:
		// Before the greeting there is no connection that one could use.
		return k == ErrConnect && e.Phase == PhaseGreeting
	case ServiceUnavailable:
		return e.isRefusal(k)
	case ProtocolError:
		return e.Reply != nil && (k == ErrResponse || e.isRefusal(k))
	}
	return false
}

// isRefusal matches what any other refusal in the phase would be: an except
// clause for it catches a 421, and a reply that is not the one that was due.
func (e *Error) isRefusal(k *Kind) bool {
	switch k {
	case ErrConnect:
		return e.Phase == PhaseGreeting
	case ErrRecipientsRefused:
		return e.Phase == PhaseRcpt && e.allRefused
	}
	return phaseKind(e.Phase) == k
}
