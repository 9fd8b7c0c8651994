package smtperr

// temporary is the class's row unless the reason knows better.
func temporary(class Class, reason Reason) bool {
	switch reason {
	case ReasonNotSMTP, ReasonNotSMTPHTTP, ReasonNotSMTPSSH, ReasonTLSOnPlaintextPort, // another protocol stays one
		ReasonPlaintextSMTP, ReasonProtocolVersion, ReasonProxyRefused:
		return false
	case ReasonTokenUnreachable:
		return true
	}
	return class.Info().Temporary == Yes
}
