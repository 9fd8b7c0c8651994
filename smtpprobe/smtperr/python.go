package smtperr

// Python names the exceptions that Python's smtplib and aiosmtplib raise for
// this failure, "-" where they raise none.
func (e *Error) Python() (smtplib, aiosmtplib string) {
	if e == nil {
		return "-", "-"
	}
	info := e.Class.Info()
	switch {
	case e.Class == ServiceUnavailable:
		return e.refusalInPython()
	case e.Class == ProtocolError && e.Reason == ReasonLineTooLong:
		return responseException, responseException
	case e.Class == ProtocolError:
		smtplib, _ = e.refusalInPython()
		return smtplib, responseException
	case e.Class == Disconnected && e.Phase == PhaseGreeting:
		return info.SMTPLib, "SMTPConnectError"
	case e.Class == Disconnected:
		return info.SMTPLib, "SMTPServerDisconnected"
	case e.Class == ReadTimeout && e.Phase == PhaseGreeting:
		return info.SMTPLib, "SMTPConnectTimeoutError"
	case e.Class == ReadTimeout:
		return info.SMTPLib, "SMTPReadTimeoutError"
	}
	return info.SMTPLib, info.AIOSMTP
}

const responseException = "SMTPResponseException"

// refusalInPython is what both raise for any refusal in the phase that ends
// the transaction, whoever was accepted before.
func (e *Error) refusalInPython() (smtplib, aiosmtplib string) {
	class := refusal(e.Phase)
	if class == RecipientRefused {
		class = RecipientsRefused
	}
	info := class.Info()
	return info.SMTPLib, info.AIOSMTP
}
