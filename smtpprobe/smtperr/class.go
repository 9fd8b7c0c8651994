package smtperr

import "fmt"

// Class is the kind of a failure. Its number is the metric field result_code and
// its name the tag error_class; both are stable, and new classes come last.
type Class uint8

// The classes; Meaning describes each.
const (
	ClassNone Class = iota
	ClassConfigError
	ClassLocalError
	ClassCanceled
	ClassDNSNotFound
	ClassDNSTimeout
	ClassDNSError
	ClassConnectError
	ClassConnectTimeout
	ClassTLSVerifyError
	ClassTLSError
	ClassTLSTimeout
	ClassStartTLSRefused
	ClassNotSupported
	ClassGreetingRefused
	ClassHeloRefused
	ClassAuthFailed
	ClassSenderRefused
	ClassRecipientRefused
	ClassRecipientsRefused
	ClassDataRefused
	ClassServiceUnavailable
	ClassDisconnected
	ClassReadTimeout
	ClassWriteTimeout
	ClassProtocolError
	ClassResponseError
	ClassUnexpectedSuccess
	ClassUnknown
)

// Classes lists the classes in the order of their numbers, ClassNone first.
func Classes() []Class {
	all := make([]Class, len(classes))
	for i := range all {
		all[i] = Class(i)
	}
	return all
}

// ParseClass returns the class of that name.
func ParseClass(name string) (Class, error) {
	for c := range classes {
		if classes[c].name == name {
			return Class(c), nil
		}
	}
	return ClassNone, fmt.Errorf("unknown error class %q", name)
}

// String returns the name, such as "auth_failed"; "none" for ClassNone.
func (c Class) String() string { return c.row().name }

// Meaning describes in a few words what happened.
func (c Class) Meaning() string { return c.row().meaning }

// MarshalText returns the name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText parses a name.
func (c *Class) UnmarshalText(text []byte) error {
	parsed, err := ParseClass(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// permanence is whether the same attempt may succeed later.
type permanence uint8

const (
	permanent permanence = iota
	temporary
	byReply // temporary if the reply is a 4xx, else permanent
)

// classRow is what the package knows about one class.
type classRow struct {
	name      string
	meaning   string
	lasts     permanence // unless the reason decides, see Temporary
	retry     Retry      // on the same server
	fault     Fault      // unless the reason decides, see Fault
	advice    string     // unless the reason has better, see Advice
	sentinels []error    // that errors.Is matches, besides those of the phase, see Is
}

func (c Class) row() *classRow {
	if int(c) < len(classes) {
		return &classes[c]
	}
	return &classes[ClassUnknown]
}
