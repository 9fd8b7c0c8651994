//go:build e2e

package differential

import (
	"errors"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const responseException = "SMTPResponseException"

// exceptions is the names of the exceptions in smtplib and aiosmtplib, or "-".
type exceptions struct{ smtplib, aiosmtplib string }

var exceptionsByClass = map[smtperr.Class]exceptions{
	smtperr.ClassConfigError:       {"ValueError, UnicodeError", "ValueError, SMTPException"},
	smtperr.ClassLocalError:        {"OSError", "SMTPConnectError"},
	smtperr.ClassCanceled:          {"-", "CancelledError"},
	smtperr.ClassDNSNotFound:       {"gaierror, herror", "SMTPConnectError"},
	smtperr.ClassDNSTimeout:        {"gaierror", "SMTPConnectError, SMTPConnectTimeoutError"},
	smtperr.ClassDNSError:          {"gaierror", "SMTPConnectError"},
	smtperr.ClassConnectError:      {"ConnectionRefusedError, OSError", "SMTPConnectError"},
	smtperr.ClassConnectTimeout:    {"TimeoutError", "SMTPConnectTimeoutError"},
	smtperr.ClassTLSVerifyError:    {"SSLCertVerificationError", "SMTPConnectError, SSLError"},
	smtperr.ClassTLSError:          {"SSLError", "SMTPConnectError, SSLError"},
	smtperr.ClassTLSTimeout:        {"TimeoutError", "SMTPTimeoutError"},
	smtperr.ClassStartTLSRefused:   {responseException, responseException},
	smtperr.ClassNotSupported:      {"SMTPNotSupportedError", "SMTPNotSupported"},
	smtperr.ClassGreetingRefused:   {"SMTPConnectError", "SMTPConnectResponseError"},
	smtperr.ClassHeloRefused:       {"SMTPHeloError", "SMTPHeloError"},
	smtperr.ClassAuthFailed:        {"SMTPAuthenticationError", "SMTPAuthenticationError"},
	smtperr.ClassSenderRefused:     {"SMTPSenderRefused", "SMTPSenderRefused"},
	smtperr.ClassRecipientRefused:  {"the dict that sendmail returns", "SMTPRecipientRefused"},
	smtperr.ClassRecipientsRefused: {"SMTPRecipientsRefused", "SMTPRecipientsRefused"},
	smtperr.ClassDataRefused:       {"SMTPDataError", "SMTPDataError"},
	smtperr.ClassDisconnected:      {"SMTPServerDisconnected", "SMTPServerDisconnected"},
	smtperr.ClassReadTimeout:       {"SMTPServerDisconnected", "SMTPReadTimeoutError"},
	smtperr.ClassWriteTimeout:      {"SMTPServerDisconnected", "SMTPTimeoutError"},
	smtperr.ClassResponseError:     {responseException, responseException},
	smtperr.ClassUnknown:           {"SMTPException", "SMTPException"},
}

// exceptionsFor returns the exceptions that the two libraries raise for a failure.
func exceptionsFor(e *smtperr.Error) exceptions {
	python, known := exceptionsByClass[e.Class]
	switch {
	case e.Class == smtperr.ClassServiceUnavailable:
		return refusalIn(e.Phase)
	case e.Class == smtperr.ClassProtocolError && e.Reason == smtperr.ReasonLineTooLong:
		return exceptions{responseException, responseException}
	case e.Class == smtperr.ClassProtocolError:
		return exceptions{refusalIn(e.Phase).smtplib, responseException}
	case e.Class == smtperr.ClassDisconnected && e.Phase == smtperr.PhaseGreeting:
		python.aiosmtplib = "SMTPConnectError"
	case e.Class == smtperr.ClassReadTimeout && e.Phase == smtperr.PhaseGreeting:
		python.aiosmtplib = "SMTPConnectTimeoutError"
	case !known:
		return exceptions{"-", "-"}
	}
	return python
}

// refusalIn returns the exceptions for a refusal in a phase that ends the
// transaction, even after accepted recipients.
func refusalIn(phase smtperr.Phase) exceptions {
	e, _ := errors.AsType[*smtperr.Error](smtperr.ClassifyReply(phase, smtperr.Reply{Code: 550}, smtperr.Session{}))
	if e.Class == smtperr.ClassRecipientRefused {
		return exceptionsByClass[smtperr.ClassRecipientsRefused]
	}
	return exceptionsByClass[e.Class]
}
