package smtperr

// Class says what kind of failure a probe met. Its value is the stable number
// that the metrics carry as result_code; the list is append-only.
type Class uint8

// The classes. The table in table.go says what each one means.
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

// Fault says who has to act.
type Fault string

// The faults.
const (
	FaultNone        Fault = ""
	FaultNetwork     Fault = "network"
	FaultRelay       Fault = "relay"
	FaultCredentials Fault = "credentials"
	FaultMessage     Fault = "message"
	FaultConfig      Fault = "config"
	FaultProber      Fault = "prober"
)
