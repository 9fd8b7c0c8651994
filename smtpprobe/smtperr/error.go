package smtperr

import "errors"

// Error is a classified failure: the verdict of a probe. errors.Is matches it
// against the kinds (ErrConnect, ErrTimeout, ...) along the hierarchy, and
// errors.As against the struct types (*SMTPSenderRefused, ...).
type Error struct {
	Class     Class
	Reason    Reason
	Phase     Phase
	Reply     *Reply // the reply that decided, nil if none did
	Temporary bool
	// OutcomeUnknown tells that the reply after the final dot was lost: the
	// message may have been delivered.
	OutcomeUnknown bool
	Sender         string
	Recipient      string
	Recipients     []*Error // each refused recipient's own error, in order
	Details        []string // every failing check of a certificate
	Cause          error    // what happened underneath, may be nil
	Secondary      []error  // what went wrong afterwards; never the cause

	allRefused bool
}

// New makes an error of a class for faults that the caller found itself, with
// the permanence that class and reason have.
func New(class Class, reason Reason, phase Phase, cause error) *Error {
	return &Error{Class: class, Reason: reason, Phase: phase, Cause: cause, Temporary: temporary(class, reason)}
}

// temporary is the class's row unless the reason knows better.
func temporary(class Class, reason Reason) bool {
	switch reason {
	case ReasonNotSMTP, ReasonNotSMTPHTTP, ReasonNotSMTPSSH, ReasonTLSOnPlaintextPort, // another protocol stays one
		ReasonPlaintextSMTP, ReasonProtocolVersion, ReasonProxyRefused:
		return false
	case ReasonTokenUnreachable:
		return true
	}
	return class.Info().Temporary
}

// Wrap classifies err as it happened in phase. It is idempotent: an error that
// is, or wraps, an *Error already keeps its verdict. nil stays nil.
func Wrap(phase Phase, err error) error {
	if err == nil {
		return nil
	}
	return Classify(phase, err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Code is the code of the reply that decided, 0 if none did.
func (e *Error) Code() int {
	if e == nil || e.Reply == nil {
		return 0
	}
	return e.Reply.Code
}

// Fault says who has to act: the class's, unless reason or code say more.
func (e *Error) Fault() Fault {
	if fault, ok := reasonFaults[e.Reason]; ok {
		return fault
	}
	if e.Code()/100 == 4 {
		return FaultRelay
	}
	return e.Class.Info().Fault
}

// reasonFaults are those where the reason knows better than class and code.
var reasonFaults = map[Reason]Fault{
	ReasonAuthRequired:     FaultConfig,
	ReasonTLSRequired:      FaultConfig,
	ReasonRateLimited:      FaultProber,
	ReasonTokenUnreachable: FaultNetwork,
	ReasonProxyRefused:     FaultConfig,
	ReasonGreylisted:       FaultMessage,
}

// Recipients sums the refusals of several recipients up: nil without any,
// RecipientRefused if some were accepted (or not asked), RecipientsRefused if
// all were refused, ServiceUnavailable if the relay said 421. The first 4xx
// represents them, else the first.
func Recipients(phase Phase, refusals []*Error, some bool) *Error {
	if len(refusals) == 0 {
		return nil
	}
	shown := refusals[0]
	for _, r := range refusals {
		if r.Class == ServiceUnavailable {
			shown = r
			break
		}
		if r.Temporary && !shown.Temporary {
			shown = r
		}
	}
	sum := *shown
	sum.Phase = phase
	sum.Recipients = refusals
	sum.allRefused = !some
	switch {
	case sum.Class == ServiceUnavailable:
	case some:
		sum.Class = RecipientRefused
	default:
		sum.Class = RecipientsRefused
	}
	return &sum
}

// Of finds the classified error in a chain.
func Of(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e) && e != nil
	return e, ok
}
