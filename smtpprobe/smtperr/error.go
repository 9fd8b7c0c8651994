package smtperr

// Error is a classified failure: the verdict of a probe, or of any attempt to
// send mail. errors.Is matches it against the kinds (ErrConnect, ErrTimeout,
// ...) along the hierarchy and against a Class, errors.As against the struct
// types (*SMTPSenderRefused, ...).
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

// Wrap classifies err as it happened in phase. It is idempotent: an error that
// is, or wraps, an *Error already keeps its verdict. nil stays nil.
func Wrap(phase Phase, err error) error {
	e := Classify(phase, err)
	if e == nil {
		return nil
	}
	return e
}

// Of finds the classified error in a chain.
func Of(err error) (*Error, bool) {
	if err == nil {
		return nil, false
	}
	var f findings
	f.walk(err)
	return f.verdict, f.verdict != nil
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Cause
}

// Code is the code of the reply that decided, 0 if none did.
func (e *Error) Code() int {
	if e == nil || e.Reply == nil {
		return 0
	}
	return e.Reply.Code
}

// Timeout tells that a deadline passed, as net.Error has it.
func (e *Error) Timeout() bool { return e != nil && e.ofKind(ErrTimeout) }

// Is matches the kinds along the hierarchy, and a class by itself.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case Class:
		return t == e.Class
	case *Kind:
		return e.ofKind(t)
	}
	return false
}

// self lets the struct types for errors.As lead back to the verdict.
func (e *Error) self() *Error { return e }
