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

// phaseKinds is what a 421 is besides ErrUnavailable: what any other refusal
// in its phase would be.
var phaseKinds = map[Phase]*Kind{
	PhaseGreeting: ErrGreeting,
	PhaseEHLO:     ErrHelo,
	PhaseHELO:     ErrHelo,
	PhaseSTARTTLS: ErrStartTLS,
	PhaseAuth:     ErrAuth,
	PhaseMail:     ErrSenderRefused,
	PhaseData:     ErrData,
	PhaseBody:     ErrData,
	PhaseDot:      ErrData,
}

// Is matches kinds along the hierarchy, and classes and reasons by themselves.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Class:
		return t == e.Class
	case *Kind:
		return e.is(t)
	}
	return false
}

func (e *Error) is(k *Kind) bool {
	if k == ErrSMTP {
		return true
	}
	for _, own := range e.Class.Info().Kinds {
		if own == k {
			return true
		}
	}
	if e.Class != ServiceUnavailable {
		// Both Pythons make every refused recipient's error findable under the one name.
		return k == ErrRecipientRefused && e.Class == RecipientsRefused
	}
	switch e.Phase {
	case PhaseRcpt:
		return k == ErrRecipientRefused || k == ErrRecipientsRefused && e.allRefused
	case PhaseGreeting:
		return k == ErrGreeting || k == ErrConnect
	}
	return phaseKinds[e.Phase] == k
}
