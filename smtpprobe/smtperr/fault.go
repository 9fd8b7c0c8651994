package smtperr

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

// Fault reports who has to act. What the reason knows goes first, whether the
// refusal is temporary or not; otherwise a 4xx is the relay's, and then the
// class decides.
func (e *Error) Fault() Fault {
	if fault := reasonFault(e.Class, e.Reason, e.Code()); fault != FaultNone {
		return fault
	}
	if e.Code()/100 == 4 {
		return FaultRelay
	}
	return e.Class.row().fault
}

// reasonFault is the fault that belongs to a reason, FaultNone if the class and
// the code decide.
func reasonFault(class Class, reason Reason, code int) Fault {
	switch {
	case reason == ReasonNotAuthorized && class == ClassAuthFailed:
		return FaultCredentials
	case reason == ReasonMessageTooLarge && class == ClassNotSupported:
		return FaultConfig
	case (reason == ReasonContent || reason == ReasonContentRejected) && code/100 != 5:
		return FaultNone // a filter that fails is the relay's
	}
	if row := reason.row(); row != nil {
		return row.fault
	}
	return FaultNone
}
