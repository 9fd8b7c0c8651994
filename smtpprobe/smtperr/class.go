package smtperr

import "fmt"

// Class says what kind of failure a probe met. Its value is the stable number
// that the metrics carry as result_code; the list is append-only. Classes are
// errors, so that errors.Is(err, smtperr.AuthFailed) asks for exactly one; the
// kinds (ErrAuth, ErrTimeout, ...) ask along the hierarchy.
type Class uint8

// The classes. The table says what each one means.
const (
	None Class = iota
	ConfigError
	LocalError
	Canceled
	DNSNotFound
	DNSTimeout
	DNSError
	ConnectError
	ConnectTimeout
	TLSVerifyError
	TLSError
	TLSTimeout
	StartTLSRefused
	NotSupported
	GreetingRefused
	HeloRefused
	AuthFailed
	SenderRefused
	RecipientRefused
	RecipientsRefused
	DataRefused
	ServiceUnavailable
	Disconnected
	ReadTimeout
	WriteTimeout
	ProtocolError
	ResponseError
	UnexpectedSuccess
	Unknown
)

// String is the metric tag value, "none" for None.
func (c Class) String() string { return c.Info().Name }

// Error makes a class a target of errors.Is.
func (c Class) Error() string { return c.String() }

// Info is the class's row of the table.
func (c Class) Info() *Info {
	if int(c) < len(table) {
		return &table[c]
	}
	return &table[Unknown]
}

// ParseClass finds a class by its name.
func ParseClass(name string) (Class, error) {
	for i := range table {
		if table[i].Name == name {
			return table[i].Class, nil
		}
	}
	return None, fmt.Errorf("unknown error class %q", name)
}

// MarshalText writes the name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Class) UnmarshalText(text []byte) error {
	parsed, err := ParseClass(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}
