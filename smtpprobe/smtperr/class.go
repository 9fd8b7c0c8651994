package smtperr

import "fmt"

// Class identifies what failed. Its number is the value of the metric field
// result_code, and its name that of the tag error_class. Both are stable: classes
// are only added, at the end.
type Class uint8

// The classes. [Class.Meaning] describes each.
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

// Classes returns the classes in the order of their numbers, ClassNone first.
func Classes() []Class {
	all := make([]Class, len(classes))
	for i := range all {
		all[i] = Class(i)
	}
	return all
}

// ParseClass returns the class with the given name.
func ParseClass(name string) (Class, error) {
	for c := range classes {
		if classes[c].name == name {
			return Class(c), nil
		}
	}
	return ClassNone, fmt.Errorf("unknown error class %q", name)
}

// String returns the name of c, such as "auth_failed", or "none" for ClassNone.
func (c Class) String() string { return c.row().name }

// Meaning returns a short description of c, such as "authentication failed".
func (c Class) Meaning() string { return c.row().meaning }

// MarshalText implements [encoding.TextMarshaler]. It returns the name of c.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. It parses the name of a class.
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
	byReply // temporary after a 4xx, else permanent
)

// classRow describes a class.
type classRow struct {
	name      string
	meaning   string
	lasts     permanence // some reasons override it, see Error.Temporary
	retry     Retry      // on the same server
	fault     Fault      // most reasons override it, see Error.Fault
	advice    string     // most reasons override it, see Error.Advice
	sentinels []error    // those of the phase are added, see Error.Is
}

func (c Class) row() *classRow {
	if int(c) < len(classes) {
		return &classes[c]
	}
	return &classes[ClassUnknown]
}
