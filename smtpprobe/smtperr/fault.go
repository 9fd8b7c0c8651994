package smtperr

// Fault identifies who has to act on a failure.
type Fault string

// The faults.
const (
	FaultNone        Fault = ""            // not known
	FaultNetwork     Fault = "network"     // the network between client and relay
	FaultRelay       Fault = "relay"       // the relay's operator
	FaultCredentials Fault = "credentials" // the owner of the account
	FaultMessage     Fault = "message"     // the sender: envelope addresses and message
	FaultConfig      Fault = "config"      // the configuration of the client, or its access to the relay
	FaultProber      Fault = "prober"      // the client's machine and its address
)

// Fault returns who has to act. It is that of the reason; if the reason has none,
// it is FaultRelay after a 4xx, and otherwise that of the class.
func (e *Error) Fault() Fault {
	if fault := reasonFault(e.Class, e.Reason, e.Code()); fault != FaultNone {
		return fault
	}
	if e.Code()/100 == 4 {
		return FaultRelay
	}
	return e.Class.row().fault
}

// reasonFault returns the fault of a reason, or FaultNone if it has none.
func reasonFault(class Class, reason Reason, code int) Fault {
	switch {
	case reason == ReasonNotAuthorized && class == ClassAuthFailed:
		return FaultCredentials
	case reason == ReasonMessageTooLarge && class == ClassNotSupported:
		return FaultConfig
	case (reason == ReasonContent || reason == ReasonContentRejected) && code/100 != 5:
		return FaultNone // the filter of the relay failed
	}
	if row := reason.row(); row != nil {
		return row.fault
	}
	return FaultNone
}
