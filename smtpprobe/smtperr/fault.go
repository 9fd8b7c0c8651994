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

// Fault says who has to act: what the reason knows goes first, then any 4xx is
// the relay's, then the class's row counts.
func (e *Error) Fault() Fault {
	if fault := reasonFault(e.Reason); fault != FaultNone {
		return fault
	}
	if e.Code()/100 == 4 {
		return FaultRelay
	}
	return e.Class.row().fault
}

func reasonFault(r Reason) Fault {
	switch r {
	case ReasonAuthRequired, ReasonTLSRequired, ReasonProxyRefused, ReasonClientCertRequired, ReasonNotLMTP, ReasonNotSMTPLMTP:
		return FaultConfig
	case ReasonRateLimited, ReasonNoRoots, ReasonProberStalled:
		return FaultProber
	case ReasonTokenUnreachable, ReasonRecordBroken:
		return FaultNetwork
	case ReasonGreylisted: // the relay works as it is meant to
		return FaultMessage
	}
	return FaultNone
}
