package smtperr

// Error is a classified failure: the verdict of a probe. errors.Is matches it
// against the kinds (ErrConnect, ErrTimeout, ...) along the hierarchy, and
// errors.As against the struct types (*SenderRefused, ...).
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
}

// Wrap classifies err as it happened in phase. It is idempotent: an error that
// is, or wraps, an *Error already keeps its verdict. nil stays nil.
func Wrap(phase Phase, err error) error {
	if err == nil {
		return nil
	}
	return Classify(phase, err)
}

// Classify is Wrap for callers that want the struct; nil for nil. An empty
// phase is derived from the error where it can be (foreign errors).
func Classify(phase Phase, err error) *Error { panic("TODO") }

// New makes an error of a class with the attributes that the class's row in
// the table gives (Temporary), for faults that the caller found itself.
func New(class Class, reason Reason, phase Phase, cause error) *Error { panic("TODO") }

func (e *Error) Error() string { panic("TODO") }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Fault says who has to act: the class's, unless reason or code say more.
func (e *Error) Fault() Fault { panic("TODO") }
